//! The structure below member lists: what one change and one look cost among a million entries.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use throng_engine::ranking::Ranking;

use crate::percentile;
use crate::report::{Options, Report, Target};

/// An entry as large as one of a list: the start of a name, the rest of it, and an id.
type Entry = (u128, Arc<[u8]>, u64);

/// Rows that a client looks at together.
const SLICE: usize = 100;

/// Measures the structure.
///
/// # Errors
///
/// None: the other parts have some.
pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (entries, rounds) = if options.smoke { (2_000, 200) } else { (1_000_000, 200_000) };
    let measured = tokio::task::spawn_blocking(move || measure(entries, rounds)).await?;
    for (what, mut times) in measured {
        let mut micros = |share| percentile::of(&mut times, share).as_secs_f64() * 1e6;
        let what = format!("list of {entries}: {what}");
        report.figure(format!("{what} p50"), micros(0.5), "us");
        report.target(format!("{what} p99"), micros(0.99), "us", Target::AtMost(5.0));
    }
    Ok(())
}

fn measure(entries: u64, rounds: u64) -> Vec<(&'static str, Vec<Duration>)> {
    let mut ranking = Ranking::default();
    for number in 0..entries {
        ranking.insert(entry(number));
    }
    let mut next = spread(entries);
    let (mut ranks, mut slices) = (Vec::new(), Vec::new());
    let (mut removes, mut inserts) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (wanted, moved, place) = (entry(next()), entry(next()), next());
        let place = usize::try_from(place).unwrap_or(0);
        ranks.push(clock(|| ranking.rank(&wanted)));
        slices.push(clock(|| {
            ranking.iter_from(place).take(SLICE).fold(0, |sum, entry| sum ^ entry.2)
        }));
        removes.push(clock(|| ranking.remove(&moved)));
        inserts.push(clock(|| ranking.insert(moved)));
    }
    vec![("rank", ranks), ("slice of 100", slices), ("remove", removes), ("insert", inserts)]
}

fn clock<T>(act: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    black_box(act());
    began.elapsed()
}

/// Makes the entry of a number: names that begin alike, in no order of the numbers.
fn entry(number: u64) -> Entry {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let name = format!("member{:05}{:x}", mixed % 100_000, mixed >> 40);
    let (start, rest) = name.as_bytes().split_at(name.len().min(16));
    let mut head = [0; 16];
    for (to, from) in head.iter_mut().zip(start) {
        *to = *from;
    }
    (u128::from_be_bytes(head), rest.into(), number)
}

/// Draws numbers below `end`, each run the same.
fn spread(end: u64) -> impl FnMut() -> u64 {
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % end
    }
}
