//! Each decoder for a second or two, on inputs that are nearly right.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use throng_decoders::{Spoiler, TARGETS, Target};

/// Inputs of each decoder, and the seed that they come from.
const CASES: u64 = 4_000;
const SEED: u64 = 12;

/// Makes a test for each target, and one that none is left out.
macro_rules! hold {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                holds(stringify!($name));
            }
        )*

        #[test]
        fn every_target_has_a_test() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

hold!(websocket handshake proxy throng gateway body form mentions verdict journal row);

fn holds(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    for seed in (target.seeds)() {
        assert!((target.read)(&seed), "a seed is not taken: {}", shown(&seed));
    }
    let (cases, seed) = (number("CASES", CASES), number("SEED", SEED));
    let mut spoiler = Spoiler::new((target.seeds)(), seed);
    for case in 0..cases {
        let input = spoiler.spoilt();
        let held = catch_unwind(AssertUnwindSafe(|| (target.read)(&input)));
        assert!(held.is_ok(), "THRONG_DECODERS_SEED={seed}, input {case}: {}", shown(&input));
    }
}

#[test]
fn a_seed_always_makes_the_same_inputs() {
    let Target { seeds, .. } = TARGETS[0];
    let inputs = |seed| {
        let mut spoiler = Spoiler::new(seeds(), seed);
        (0..50).map(|_| spoiler.spoilt()).collect::<Vec<_>>()
    };
    assert_eq!(inputs(5), inputs(5));
    assert_ne!(inputs(5), inputs(6));
}

fn number(name: &str, default: u64) -> u64 {
    let set = std::env::var(format!("THRONG_DECODERS_{name}"));
    set.map_or(default, |number| number.parse().unwrap())
}

fn shown(input: &[u8]) -> String {
    let mut shown = String::new();
    for byte in input {
        write!(shown, "{}", byte.escape_ascii()).unwrap();
    }
    shown
}
