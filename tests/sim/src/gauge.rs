//! What the simulator itself is worth: how fast it is, and which planted faults it finds.

use std::process::ExitCode;

use throng_sim::{Plan, try_run};

/// Virtual seconds that a village must have in a second of the processor.
const SPEED_MIN: f64 = 3_000.0;
/// Rounds of which the middle one counts.
const ROUNDS: u64 = 7;
/// Villages in one round.
const VILLAGES: u64 = 4;

/// Runs villages, and tells how many virtual seconds fit into a second of the processor. With
/// `check` it is a failure when that are too few.
pub(crate) fn speed(check: bool) -> ExitCode {
    let (mut speeds, mut received) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let (began, mut millis) = (spent(), 0);
        for village in 1..=VILLAGES {
            let plan = Plan::village(round * VILLAGES + village);
            match try_run(plan) {
                Ok(summary) => {
                    (millis, received) = (millis + summary.millis, received + summary.received);
                }
                Err(failure) => return crate::tell(plan, Some((plan, failure))),
            }
        }
        speeds.push(millis as f64 / 1e3 / (spent() - began));
    }
    speeds.sort_by(f64::total_cmp);
    let [least, middle, most] = [0, speeds.len() / 2, speeds.len() - 1].map(|index| speeds[index]);
    let each = received / (ROUNDS * VILLAGES);
    println!(
        "{middle:.0} virtual seconds in a second of the processor ({least:.0} to {most:.0} in \
         {ROUNDS} rounds; 2 guilds, 50 sessions, {each} dispatches in 10 minutes)"
    );
    let enough = middle >= SPEED_MIN;
    println!("{}: at least {SPEED_MIN:.0} are wanted", if enough { "met" } else { "missed" });
    if enough || !check { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the seconds that this thread has had of a processor; of the clock where the system does
/// not say.
fn spent() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanos = text.ok().and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(wall, |nanos| nanos / 1e9)
}

fn wall() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
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
