//! Asking every attachment about a new policy, beside publishing.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use throng_ports::hub::Operations as _;

use crate::crowd::{Crowd, wait_until};
use crate::percentile;
use crate::report::{Options, Report, Target};
use crate::spread::Spread;
use crate::stage::Stage;

/// Time between two messages whose acknowledgement is measured.
const PACE: Duration = Duration::from_millis(2);

/// Shares of acknowledgements of which it is told how long they took at most.
const SHARES: [f64; 2] = [0.5, 0.99];

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    sessions: usize,
    /// Reviews, there and back.
    rounds: u32,
    /// How long acknowledgements are measured without a review, before each.
    idle: Duration,
}

impl Sizes {
    const fn of(options: &Options) -> Self {
        if options.smoke {
            Self { sessions: 500, rounds: 2, idle: Duration::from_millis(50) }
        } else {
            Self { sessions: 1_000_000, rounds: 6, idle: Duration::from_secs(1) }
        }
    }
}

/// Fills a guild, and changes the policy back and forth: everybody active, nine tenths passive.
///
/// # Errors
///
/// The node does not do what it should.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let sizes = Sizes::of(options);
    let stage = Stage::set()?;
    let crowd = Arc::new(Crowd::enter(Arc::clone(&stage.policy), sizes.sessions).await?);
    let (mut acks, mut slowest) = (Acks::default(), 0);
    for round in 0..sizes.rounds {
        let idle = acknowledgements(&crowd, tokio::time::sleep(sizes.idle)).await?;
        stage.save(round % 2 == 0)?;
        let review = async {
            crowd.node.reload_policy().await.map_err(anyhow::Error::from)?;
            wait_until(|| !crowd.node.policy().1.running).await;
            anyhow::Ok(crowd.node.policy().1)
        };
        let done = Arc::new(AtomicBool::new(false));
        let measuring = tokio::spawn({
            let (crowd, done) = (Arc::clone(&crowd), Arc::clone(&done));
            async move {
                let over = wait_until(|| done.load(Ordering::Acquire));
                acknowledgements(&crowd, over).await
            }
        });
        let status = review.await?;
        done.store(true, Ordering::Release);
        acks.note(idle, measuring.await.context("measuring")??);
        ensure!(status.done == sizes.sessions as u64, "only {} were asked", status.done);
        slowest = slowest.max(status.millis);
        let changed = status.changed as f64 / sizes.sessions as f64;
        ensure!((changed - 0.9).abs() < 0.1, "{changed} of the attachments changed");
    }
    Ok(report(sizes, slowest, &acks))
}

/// Posts at a steady pace until something ends, and returns how long acknowledgements took.
async fn acknowledgements(
    crowd: &Crowd,
    until: impl Future<Output = ()>,
) -> anyhow::Result<Vec<Duration>> {
    let mut samples = Vec::new();
    let mut pace = tokio::time::interval(PACE);
    tokio::pin!(until);
    loop {
        tokio::select! {
            () = &mut until => return Ok(samples),
            _ = pace.tick() => samples.push(crowd.post(crowd.hall.study, "quiet").await?),
        }
    }
}

/// Acknowledgements of all rounds in microseconds: p50 and p99, each without and during a review.
#[derive(Debug, Default)]
struct Acks {
    idle: [Vec<f64>; 2],
    during: [Vec<f64>; 2],
}

impl Acks {
    fn note(&mut self, mut idle: Vec<Duration>, mut during: Vec<Duration>) {
        for (place, share) in SHARES.into_iter().enumerate() {
            let micros = |samples: &mut Vec<Duration>| {
                (percentile::of(samples, share).as_secs_f64() * 1e6).max(1.0)
            };
            self.idle[place].push(micros(&mut idle));
            self.during[place].push(micros(&mut during));
        }
    }
}

fn report(sizes: Sizes, slowest: u64, acks: &Acks) -> Report {
    let mut report = Report::new("review: every attachment is asked about a new policy");
    let seconds = slowest as f64 / 1_000.0;
    report.figure("attachments", sizes.sessions as f64, "");
    report.target("slowest review", seconds, "s", Target::AtMost(3.0));
    report.figure("attachments asked", sizes.sessions as f64 / seconds.max(0.001), "/s");
    for (place, name) in ["p50", "p99"].into_iter().enumerate() {
        let rounds = [("idle", &acks.idle[place]), ("during a review", &acks.during[place])];
        for (when, rounds) in rounds {
            let what = format!("acknowledgement {name}, {when}");
            report.spread(what, &rounds.iter().copied().collect(), "us", None);
        }
    }
    let ratios = Spread::ratios(&acks.during[1], &acks.idle[1]);
    let target = Some(Target::AtMost(2.0));
    report.spread("acknowledgement p99: during / idle", &ratios, "x", target);
    report
}
