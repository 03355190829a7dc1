//! What only a function of ours can do wrong.

use std::io::Write as _;
use std::sync::Arc;

use tempfile::NamedTempFile;
use throng_engine::policy::{Native, NodeFacts, Shed};
use throng_proto::time::Timestamp;

use super::*;
use crate::config::Config;
use crate::time::SystemClock;

fn program(text: &str) -> Program {
    let mut file = NamedTempFile::with_suffix(".rhai").expect("a file");
    file.write_all(text.as_bytes()).expect("a file");
    let sandbox = Sandbox::new(Arc::new(SystemClock::default()), Native { relay_capacity: 1 });
    let script = Script::load(file.path(), &sandbox, &Config::default()).expect("a script");
    Program::new(&Arc::new(script), Hook::Overload, &sandbox, &HookConfig::default())
        .expect("a program")
}

fn boom() -> i64 {
    panic!("this test wants it")
}

#[test]
fn a_panic_of_a_function_is_a_failure_and_the_next_run_is_sound() {
    let mut program = program("fn overload(node) { if node.pressure > 50 { boom(); } [] }");
    program.engine.register_fn("boom", boom);
    let ask = |pressure| {
        let node = NodeFacts::usual(pressure);
        program.ask(Timestamp::default(), &Question::Overload { node: &node })
    };
    let failure = ask(80).verdict.expect_err("it panics");
    assert_eq!(failure.cause, Cause::Panicked);
    assert_eq!(failure.fault.line, 1);
    let sound = ask(10);
    assert_eq!(sound.verdict, Ok(Verdict::Overload(Shed::NOTHING)));
    assert_eq!(sound.trace.reads.as_slice().len(), 1);
}

#[test]
fn a_panic_cannot_be_caught_by_a_script() {
    let mut program = program("fn overload(node) { try { boom(); } catch {} [] }");
    program.engine.register_fn("boom", boom);
    let node = NodeFacts::usual(0);
    let outcome = program.ask(Timestamp::default(), &Question::Overload { node: &node });
    assert_eq!(outcome.verdict.expect_err("it panics").cause, Cause::Panicked);
}
