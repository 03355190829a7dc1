//! Asking every attachment about a new policy, beside publishing.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use throng_ports::hub::Hub as _;

use crate::crowd::{Crowd, wait_until};
use crate::percentile;
use crate::report::{Options, Report, Target};
use crate::stage::Stage;

/// Time between two messages whose acknowledgement is measured.
const PACE: Duration = Duration::from_millis(2);

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    sessions: usize,
    /// Reviews, there and back.
    rounds: u32,
    /// How long acknowledgements are measured without a review.
    idle: Duration,
}

impl Sizes {
    const fn of(options: &Options) -> Self {
        if options.smoke {
            Self { sessions: 500, rounds: 2, idle: Duration::from_millis(50) }
        } else {
            Self { sessions: 1_000_000, rounds: 6, idle: Duration::from_secs(3) }
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
    let mut idle = acknowledgements(&crowd, tokio::time::sleep(sizes.idle)).await?;
    let (mut busy, mut slowest) = (Vec::new(), 0);
    for round in 0..sizes.rounds {
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
        busy.extend(measuring.await.context("measuring")??);
        ensure!(status.done == sizes.sessions as u64, "only {} were asked", status.done);
        slowest = slowest.max(status.millis);
        let changed = status.changed as f64 / sizes.sessions as f64;
        ensure!((changed - 0.9).abs() < 0.1, "{changed} of the attachments changed");
    }
    Ok(report(sizes, slowest, &mut idle, &mut busy))
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

fn report(sizes: Sizes, slowest: u64, idle: &mut [Duration], busy: &mut [Duration]) -> Report {
    let mut report = Report::new("review: every attachment is asked about a new policy");
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let seconds = slowest as f64 / 1_000.0;
    report.figure("attachments", sizes.sessions as f64, "");
    report.target("slowest review", seconds, "s", Target::AtMost(3.0));
    report.figure("attachments asked", sizes.sessions as f64 / seconds.max(0.001), "/s");
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let (before, during) = (percentile::of(idle, share), percentile::of(busy, share));
        report.figure(format!("acknowledgement {name}, idle"), micros(before), "us");
        report.figure(format!("acknowledgement {name}, during a review"), micros(during), "us");
    }
    let ratio = micros(percentile::of(busy, 0.99)) / micros(percentile::of(idle, 0.99)).max(1.0);
    report.target("acknowledgement p99: during / idle", ratio, "x", Target::AtMost(2.0));
    report
}
