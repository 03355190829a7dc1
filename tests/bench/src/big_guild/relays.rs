//! Relays that start, and a guild that is split anew, beside publishing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::traffic::{self, Count};
use crate::crowd::{Crowd, wait_until};
use crate::report::{Options, Report, Target};
use crate::spread::Spread;
use crate::stage::Stage;

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// Sessions of the guild that is split anew, and of one relay before and after.
    sessions: usize,
    capacity: usize,
    /// How long acknowledgements are measured without anything else.
    idle: Duration,
    /// Splits, there and back.
    rounds: usize,
}

impl Sizes {
    const fn of(options: &Options) -> Self {
        if options.smoke {
            let idle = Duration::from_millis(50);
            Self { sessions: 600, capacity: 15, idle, rounds: 1 }
        } else {
            let idle = Duration::from_secs(5);
            Self { sessions: 1_000_000, capacity: 15_000, idle, rounds: 3 }
        }
    }
}

fn script(capacity: usize) -> String {
    format!("fn relays(guild) {{ #{{ capacity: {capacity} }} }}")
}

/// Puts a capacity in force and waits until every relay is as it says.
async fn follow(crowd: &Crowd, stage: &Stage, capacity: usize) -> anyhow::Result<()> {
    stage.write(&script(capacity))?;
    // When everybody was asked about the policy, it is known what must move.
    crowd.reload().await?;
    wait_until(|| crowd.metric("throng_relay_leaving") == 0).await;
    Ok(())
}

/// Each worker has one relay, and starts another one that takes half of its attachments.
pub(super) async fn start(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let Sizes { capacity, idle, .. } = Sizes::of(options);
    let stage = Stage::set()?;
    stage.write(&script(capacity * 2))?;
    stage.policy.load()?;
    let workers = std::thread::available_parallelism()?.get();
    let crowd = Crowd::enter(Arc::clone(&stage.policy), capacity * 2 * workers).await?;
    let ((), mut alone) = traffic::until(&crowd, rest(idle)).await?;
    let ((), mut busy) = traffic::until(&crowd, follow(&crowd, &stage, capacity)).await?;
    report.figure("starting relays: attachments that each takes", capacity as f64, "");
    report.figure("starting relays: longest acknowledgement, idle", alone.millis(1.0), "ms");
    let longest = busy.millis(1.0);
    let what = "starting relays: longest acknowledgement meanwhile";
    report.target(what, longest, "ms", Target::AtMost(5.0));
    Ok(())
}

async fn rest(time: Duration) -> anyhow::Result<()> {
    let mut clock = tokio::time::interval_at(tokio::time::Instant::now() + time, time);
    clock.tick().await;
    Ok(())
}

/// Splits the whole guild over twice as many relays, and back.
pub(super) async fn split(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let Sizes { sessions, capacity, idle, rounds } = Sizes::of(options);
    let stage = Stage::set()?;
    stage.write(&script(capacity))?;
    stage.policy.load()?;
    let crowd = Crowd::enter(Arc::clone(&stage.policy), sessions).await?;
    let relays = crowd.metric("throng_relays");
    let (mut quiet, mut during, mut took) = (Vec::new(), Vec::new(), Vec::new());
    let (mut split, mut wrong, mut loud) = (0, 0, 0);
    for _ in 0..rounds {
        for capacity in [capacity / 2, capacity] {
            quiet.push(traffic::until(&crowd, rest(idle)).await?.1.millis(0.99).max(0.001));
            let before = Count::take(&crowd).await;
            let began = Instant::now();
            let ((), mut met) = traffic::until(&crowd, follow(&crowd, &stage, capacity)).await?;
            took.push(began.elapsed().as_secs_f64());
            wrong += before.wrong(&crowd, &met).await?;
            loud += met.loud;
            during.push(met.millis(0.99));
            split = split.max(crowd.metric("throng_relays"));
        }
    }
    report.figure("re-sharding: attachments", sessions as f64, "");
    report.figure("re-sharding: relays before", relays as f64, "");
    report.figure("re-sharding: relays after", split as f64, "");
    report.figure("re-sharding: messages to everybody meanwhile", loud as f64, "");
    let times = [
        ("re-sharding: how long", &took, "s"),
        ("re-sharding: publish p99, idle", &quiet, "ms"),
        ("re-sharding: publish p99, meanwhile", &during, "ms"),
    ];
    for (what, rounds, unit) in times {
        report.spread(what, &rounds.iter().copied().collect(), unit, None);
    }
    let ratios = Spread::ratios(&during, &quiet);
    let what = "re-sharding: publish p99: meanwhile / idle";
    report.spread(what, &ratios, "x", Some(Target::AtMost(2.0)));
    report.target("re-sharding: lost or doubled", wrong as f64, "", Target::AtMost(0.0));
    members(&crowd, std::thread::available_parallelism()?.get(), report);
    Ok(())
}

/// Compares the members that all relays hold with those of whom workers have sessions: workers that
/// held each of them once would be at 1. Links are dealt to workers in turn, so every worker has
/// sessions of every user.
fn members(crowd: &Crowd, workers: usize, report: &mut Report) {
    let held = crowd.metric("throng_relay_members") as f64;
    let needed = (crowd.hall.tokens.len() * workers) as f64;
    let what = "memory: members held by relays / members with sessions on their worker";
    report.target(what, held / needed.max(1.0), "x", Target::AtMost(1.1));
}
