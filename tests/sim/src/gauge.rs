//! What the simulator itself is worth: how fast it is, and which planted faults it finds.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use throng_sim::{Plan, try_run};

/// Runs a village as often as fits into some seconds.
pub(crate) fn speed() -> ExitCode {
    let (began, mut millis, mut received) = (Instant::now(), 0, 0);
    for seed in 1.. {
        match try_run(Plan::village(seed)) {
            Ok(summary) => {
                (millis, received) = (millis + summary.millis, received + summary.received)
            }
            Err(failure) => {
                return crate::tell(Plan::village(seed), Some((Plan::village(seed), failure)));
            }
        }
        if began.elapsed() > Duration::from_secs(5) {
            break;
        }
    }
    let (virtual_seconds, spent) = (millis as f64 / 1e3, began.elapsed().as_secs_f64());
    let speed = virtual_seconds / spent;
    println!("{speed:.0} virtual seconds in a second ({received} dispatches in {spent:.1} s)");
    ExitCode::SUCCESS
}

/// Looks for each planted fault in so many worlds, and writes a table.
#[cfg(feature = "planted")]
pub(crate) fn planted(seeds: u64) -> ExitCode {
    use throng_engine::planted::{Planted, plant};
    let mut found = 0;
    println!("| fault | found by seed | what is seen |\n|---|---|---|");
    for (fault, name) in Planted::ALL {
        plant(Some(fault));
        let failure = (1..=seeds).find_map(|seed| Some((seed, try_run(Plan::draw(seed)).err()?)));
        plant(None);
        match failure {
            Some((seed, failure)) => {
                found += 1;
                let what: String = failure.what.chars().take(90).collect();
                println!("| `{name}` | {seed} | {} |", what.replace('|', "/"));
            }
            None => println!("| `{name}` | none of {seeds} | |"),
        }
    }
    println!("\n{found} of {} are found.", Planted::ALL.len());
    if found == Planted::ALL.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
