//! Runs worlds from seeds, and finds the least that fails.

#![expect(clippy::print_stdout, reason = "what it finds is its output")]

mod gauge;
mod stepper;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use throng_sim::{Plan, Summary, run, shrink, try_run};

/// Runs worlds of guilds, decks and clients from seeds, in virtual time, with faults.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  throng-sim --seeds 10000 --minutes 5      many worlds; the first that fails is shrunk and shown
  throng-sim --plan 42                      one world again
  throng-sim --plan 42:1:2:3:5000:14        one world as a failure has named it
  throng-sim --watch 42                     steps through one
  throng-sim --speed --check                virtual seconds in a second of the processor
  throng-sim --planted                      finds faults that are planted (feature \"planted\")")]
struct Arguments {
    /// How many worlds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// Seed of the first one.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Ends after so many minutes, however many are left.
    #[arg(long)]
    minutes: Option<u64>,
    /// Runs one world: a seed, or what a failure has named.
    #[arg(long)]
    plan: Option<Plan>,
    /// Steps through one world; without a terminal, shows everything that happens in it.
    #[arg(long, value_name = "PLAN")]
    watch: Option<Plan>,
    /// Measures how fast a small world without faults runs.
    #[arg(long)]
    speed: bool,
    /// With --speed: fails when it is too slow.
    #[arg(long, requires = "speed")]
    check: bool,
    /// Switches faults on by name, one after the other, and writes which seed finds each.
    #[cfg(feature = "planted")]
    #[arg(long)]
    planted: bool,
    /// Shows a failure as it was found, without looking for a smaller one.
    #[arg(long)]
    no_shrink: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(plan) = arguments.watch {
        return tell(plan, run(plan, Some(stepper::watch())).err().map(|failure| (plan, failure)));
    }
    // A panic of a machine is told as a failure.
    std::panic::set_hook(Box::new(|_| {}));
    if arguments.speed {
        return gauge::speed(arguments.check);
    }
    #[cfg(feature = "planted")]
    if arguments.planted {
        return gauge::planted(arguments.seeds.max(2_000));
    }
    let (first, count) = match arguments.plan {
        Some(plan) => return one(plan, arguments.no_shrink),
        None => (arguments.from, arguments.seeds),
    };
    many(&arguments, first, count)
}

fn one(plan: Plan, as_found: bool) -> ExitCode {
    match try_run(plan) {
        Ok(summary) => {
            println!("{plan}: {summary:?}");
            ExitCode::SUCCESS
        }
        Err(failure) if as_found => tell(plan, Some((plan, failure))),
        Err(failure) => tell(plan, Some(shrink(plan, failure))),
    }
}

fn many(arguments: &Arguments, first: u64, count: u64) -> ExitCode {
    let (began, mut shown) = (Instant::now(), Instant::now());
    let limit = arguments.minutes.map(|minutes| Duration::from_secs(60 * minutes));
    let (mut sum, mut worlds) = (Summary::default(), 0);
    for seed in first..first.saturating_add(count) {
        if limit.is_some_and(|limit| began.elapsed() >= limit) {
            break;
        }
        let plan = Plan::draw(seed);
        match try_run(plan) {
            Ok(summary) => sum = add(sum, summary),
            Err(failure) if arguments.no_shrink => return tell(plan, Some((plan, failure))),
            Err(failure) => {
                eprintln!("\nseed {seed} fails; looking for the least that does");
                return tell(plan, Some(shrink(plan, failure)));
            }
        }
        worlds += 1;
        if shown.elapsed() > Duration::from_millis(500) && std::io::stderr().is_terminal() {
            shown = Instant::now();
            eprint!("\r{worlds} of {count} worlds, {} virtual seconds", sum.millis / 1_000);
            _ = std::io::stderr().flush();
        }
    }
    let spent = began.elapsed().as_secs_f64();
    println!(
        "{worlds} worlds hold: {} virtual seconds in {spent:.1} s, {} events, {} dispatches, \
         {} crashes, {} resumes",
        sum.millis / 1_000,
        sum.published,
        sum.received,
        sum.crashes,
        sum.resumes
    );
    ExitCode::SUCCESS
}

const fn add(sum: Summary, one: Summary) -> Summary {
    Summary {
        received: sum.received + one.received,
        published: sum.published + one.published,
        crashes: sum.crashes + one.crashes,
        resumes: sum.resumes + one.resumes,
        millis: sum.millis + one.millis,
        trace: sum.trace ^ one.trace,
    }
}

fn tell(found: Plan, failed: Option<(Plan, throng_sim::Failure)>) -> ExitCode {
    let Some((plan, failure)) = failed else { return ExitCode::SUCCESS };
    println!("\nfails: {}", failure.what);
    println!("first: at {} ms of virtual time", failure.at);
    println!("found: --plan {found}");
    println!("again: cargo run --release -p throng-sim -- --plan {plan}");
    println!("watch: cargo run --release -p throng-sim -- --watch {plan}");
    ExitCode::FAILURE
}
