//! A million sessions on in-memory links in one guild, beside a million processes of Erlang.

mod beam;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use throng_proto::id::ChannelId;
use throng_transport_memory::{Client, sink};

use crate::crowd::{Crowd, SESSIONS_PER_USER};
use crate::report::{Options, Report, Target};
use crate::stage::Stage;
use crate::{allocated, percentile};

/// Characters of a message.
const CONTENT_CHARS: usize = 200;
/// How long a worker keeps for one session what it has acknowledged, and a little more.
const KEPT_FOR: Duration = Duration::from_secs(31);
/// Acknowledgements measured on an idle guild.
const IDLE_SAMPLES: usize = 200;

/// Clients that are weighed without a node.
const WEIGHED: usize = 10_000;

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    sessions: usize,
    /// Messages one at a time, and again in bursts.
    messages: usize,
    burst: usize,
}

impl Sizes {
    const fn of(options: &Options) -> Self {
        if options.smoke {
            Self { sessions: 1_000, messages: 4, burst: 4 }
        } else {
            Self { sessions: 1_000_000, messages: 32, burst: 32 }
        }
    }
}

/// One round: what was sent, and how fast.
#[derive(Clone, Copy, Debug)]
struct Round {
    deliveries: u64,
    took: Duration,
    acknowledged: Duration,
}

impl Round {
    fn per_second(self) -> f64 {
        self.deliveries as f64 / self.took.as_secs_f64().max(1e-9)
    }

    fn nanos(self) -> f64 {
        self.took.as_secs_f64() * 1e9 / (self.deliveries as f64).max(1.0)
    }
}

/// Publishes to everybody, to a tenth, and to one who alone sees a channel.
///
/// # Errors
///
/// The node does not do what it should.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let sizes = Sizes::of(options);
    let mut report = Report::new("million: one guild in memory, beside Erlang");
    let stage = Stage::set()?;
    let client = client_bytes()?;
    report.figure("bytes of a client, which counts what it is sent", client, "bytes");
    let before = allocated()?;
    let crowd = Crowd::enter(Arc::clone(&stage.policy), sizes.sessions).await?;
    let per_session = |now: usize| now.saturating_sub(before) as f64 / sizes.sessions as f64;
    report.figure("sessions", sizes.sessions as f64, "");
    let entered = per_session(allocated()?);
    report.figure("bytes per session and client, right after entry", entered, "bytes");
    if !options.smoke {
        tokio::time::sleep(KEPT_FOR).await;
        crowd.acknowledge().await;
        let idle = per_session(allocated()?);
        report.figure("bytes per session and client", idle, "bytes");
        report.target("bytes per session", idle - client, "bytes", Target::AtMost(600.0));
    }

    let idle = acknowledgements(&crowd).await?;
    report.figure("acknowledgement p99, idle", micros(idle), "us");
    let all = (crowd.hall.channel, sizes.sessions as u64);
    let single = publish(&crowd, all, sizes, 1).await?;
    note(&mut report, "to all, one at a time", single);
    let burst = publish(&crowd, all, sizes, sizes.burst).await?;
    note(&mut report, &format!("to all, {} in flight", sizes.burst), burst);
    let during = micros(single.acknowledged);
    report.figure("acknowledgement p99, while a message goes to all", during, "us");

    let class = (crowd.hall.study, SESSIONS_PER_USER as u64);
    let alone = publish(&crowd, class, sizes, 1).await?;
    note(&mut report, "to one class", alone);

    stage.save(true)?;
    crowd.reload().await?;
    let tenth = (crowd.hall.channel, crowd.attachments()[0]);
    let tenth = publish(&crowd, tenth, sizes, 1).await?;
    note(&mut report, "to a tenth, 9 of 10 passive", tenth);

    match beam::run(sizes.sessions, sizes.messages, 1)? {
        Some(beam) => {
            report.figure("Erlang, one at a time", beam.per_second, "/s");
            report.figure("Erlang, bytes per process", beam.bytes, "bytes");
            let ratio = single.per_second() / beam.per_second;
            report.figure("one at a time: throng / Erlang", ratio, "x");
        }
        None => report.figure("Erlang: skipped, `erl` is not installed", 0.0, ""),
    }
    if let Some(beam) = beam::run(sizes.sessions, sizes.messages, sizes.burst)? {
        report.figure(format!("Erlang, {} in flight", sizes.burst), beam.per_second, "/s");
        let ratio = burst.per_second() / beam.per_second;
        report.target("in flight: throng / Erlang", ratio, "x", Target::AtLeast(20.0));
    }
    Ok(report)
}

fn note(report: &mut Report, what: &str, round: Round) {
    report.figure(format!("{what}: deliveries"), round.per_second(), "/s");
    report.figure(format!("{what}: time of one"), round.nanos(), "ns");
}

/// Weighs clients alone. They have what the kernel has of a socket: the far end, and what is under
/// way.
fn client_bytes() -> anyhow::Result<f64> {
    let before = allocated()?;
    let clients: Vec<Client> = (0..WEIGHED).map(|_| sink("").1).collect();
    Ok(allocated()?.saturating_sub(before) as f64 / clients.len() as f64)
}

/// Measures acknowledgements on a guild in which nothing else happens.
async fn acknowledgements(crowd: &Crowd) -> anyhow::Result<Duration> {
    let mut samples = Vec::with_capacity(IDLE_SAMPLES);
    for _ in 0..IDLE_SAMPLES {
        samples.push(crowd.post(crowd.hall.study, "quiet").await?);
    }
    Ok(percentile::of(&mut samples, 0.99))
}

/// Publishes messages, so many at a time, and waits until all were handed to their links; each goes
/// to so many.
async fn publish(
    crowd: &Crowd,
    (channel, audience): (ChannelId, u64),
    sizes: Sizes,
    in_flight: usize,
) -> anyhow::Result<Round> {
    let content = "x".repeat(CONTENT_CHARS);
    let (before, mut samples) = (crowd.dispatches(), Vec::new());
    let mut due = crowd.addressed();
    let began = Instant::now();
    for _ in 0..sizes.messages / in_flight {
        let posts = (0..in_flight).map(|_| crowd.post(channel, &content));
        for took in futures_util::future::join_all(posts).await {
            samples.push(took?);
        }
        due += audience * in_flight as u64;
        crowd.handed(due).await;
    }
    let took = began.elapsed();
    let deliveries = crowd.dispatches().checked_sub(before).context("counts run forward")?;
    Ok(Round { deliveries, took, acknowledged: percentile::of(&mut samples, 0.99) })
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
