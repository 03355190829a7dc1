//! Walks over all members beside publishing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use futures_util::StreamExt as _;
use futures_util::future::try_join_all;
use serde_json::json;
use throng_ports::hub::{
    Guilds as _, JobKind, JobState, JobStatus, Operations as _, Provisions as _,
};
use throng_proto::command::{Actor, Command};
use throng_transport_memory::{Client, listen};

use super::Sizes;
use crate::crowd::{Crowd, wait_until};
use crate::people::{ROLES, role};
use crate::percentile;
use crate::report::{Report, Target};
use crate::spread::Spread;

/// Time between two messages whose acknowledgement is measured.
const PACE: Duration = Duration::from_millis(2);
/// GUILDS and GUILD_MEMBERS.
const INTENTS: u64 = 1 | 1 << 1;
/// Whole lists: each takes as long as some of the other walks together.
const LISTS: u32 = 5;
/// Messages at a time, whose delivery is long beside what looking for its end takes.
const BURST: usize = 10;
/// Payloads that wait for the reader of a list.
const CAPACITY: u32 = 64;

/// Runs one job after the other.
pub(super) async fn run(
    crowd: &Arc<Crowd>,
    sizes: Sizes,
    report: &mut Report,
) -> anyhow::Result<()> {
    everyone(crowd, sizes, report).await?;
    let walk = |what, rounds| Walk { what, rounds, rest: PACE * (sizes.samples / rounds) };
    let some = walk("an export", sizes.walks);
    beside(crowd, &some, report, at_once, async || export(crowd).await).await?;
    let some = walk("the deletion of a role", sizes.walks);
    let begin = async |round| drop_role(crowd, round).await;
    beside(crowd, &some, report, begin, async || searched(crowd).await).await?;
    let reader = Reader::enter(crowd).await?;
    let some = walk("a whole list (op 8)", LISTS);
    beside(crowd, &some, report, at_once, async || list(crowd, &reader, sizes).await).await?;
    slowed(crowd, &reader, sizes, report).await
}

/// Walks over everybody, to be compared with what is between them.
struct Walk {
    what: &'static str,
    rounds: u32,
    /// Time before each.
    rest: Duration,
}

/// Compares acknowledgements during a walk with those before each of its rounds: what was idle a
/// minute earlier is another machine.
async fn beside(
    crowd: &Arc<Crowd>,
    walk: &Walk,
    report: &mut Report,
    begin: impl AsyncFn(u32) -> anyhow::Result<()>,
    end: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut idle, mut busy) = (Vec::new(), Vec::new());
    let p99 = |mut samples: Vec<Duration>| micros(percentile::of(&mut samples, 0.99)).max(1.0);
    for round in 0..walk.rounds {
        idle.push(p99(during(crowd, rest(walk.rest)).await?));
        begin(round).await?;
        busy.push(p99(during(crowd, end()).await?));
    }
    let what = walk.what;
    let micros = |of: &[f64]| of.iter().copied().collect::<Spread>();
    let between = format!("acknowledgement p99, between runs of {what}");
    report.spread(between, &micros(&idle), "us", None);
    report.spread(format!("acknowledgement p99, during {what}"), &micros(&busy), "us", None);
    let what = format!("acknowledgement p99, during {what} / between its runs");
    report.spread(what, &Spread::ratios(&busy, &idle), "x", Some(Target::AtMost(2.0)));
    Ok(())
}

/// Begins a walk that needs nothing first.
async fn at_once(_round: u32) -> anyhow::Result<()> {
    Ok(())
}

async fn rest(time: Duration) -> anyhow::Result<()> {
    tokio::time::sleep(time).await;
    Ok(())
}

/// Posts at a steady pace until a job is done, and returns how long acknowledgements took.
async fn during(
    crowd: &Arc<Crowd>,
    job: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Vec<Duration>> {
    let over = Arc::new(AtomicBool::new(false));
    let posting = tokio::spawn({
        let (crowd, over) = (Arc::clone(crowd), Arc::clone(&over));
        async move {
            let (mut samples, mut pace) = (Vec::new(), tokio::time::interval(PACE));
            while !over.load(Ordering::Acquire) {
                pace.tick().await;
                samples.push(crowd.post(crowd.hall.study, "quiet").await?);
            }
            anyhow::Ok(samples)
        }
    });
    let done = job.await;
    over.store(true, Ordering::Release);
    let samples = posting.await.context("posting")??;
    done?;
    Ok(samples)
}

/// Reads all members as lines.
async fn export(crowd: &Crowd) -> anyhow::Result<()> {
    let export = crowd.node.export_members(crowd.hall.guild).await;
    let mut lines = export.map_err(|refusal| anyhow!("no export: {refusal}"))?.lines;
    while let Some(piece) = lines.next().await {
        piece.context("an export")?;
    }
    ensure!(job(crowd, JobKind::Export).is_some_and(|job| job.done == job.total), "not everybody");
    Ok(())
}

/// Deletes a role that nobody has, so that everybody is looked at, and waits until everybody was
/// told of it: that is another thing than the walk.
async fn drop_role(crowd: &Crowd, round: u32) -> anyhow::Result<()> {
    let before = job(crowd, JobKind::RoleHolders).map(|job| job.id);
    let told = crowd.dispatches() + crowd.sessions() as u64;
    let command = Command::RoleDelete(role(ROLES + u64::from(round)));
    let deleted = crowd.node.command(crowd.hall.guild, Actor::Operator, command).await;
    deleted.map_err(|refusal| anyhow!("not deleted: {refusal}"))?;
    wait_until(|| crowd.dispatches() >= told).await;
    ensure!(job(crowd, JobKind::RoleHolders).map(|job| job.id) != before, "nobody looks");
    Ok(())
}

/// Waits until everybody was looked at.
async fn searched(crowd: &Crowd) -> anyhow::Result<()> {
    let over = || job(crowd, JobKind::RoleHolders).is_some_and(|job| job.state == JobState::Done);
    wait_until(over).await;
    Ok(())
}

/// Returns the newest job of a kind.
fn job(crowd: &Crowd, kind: JobKind) -> Option<JobStatus> {
    crowd.node.jobs().into_iter().rev().find(|job| job.kind == kind)
}

/// A session that asks for lists and reads them.
struct Reader {
    client: Arc<Client>,
    chunks: Arc<AtomicUsize>,
}

impl Reader {
    async fn enter(crowd: &Crowd) -> anyhow::Result<Self> {
        let (listener, dialer) = listen(16);
        let node = crowd.node.clone();
        tokio::spawn(async move { node.serve(Box::new(listener)).await });
        let client = dialer.dial(CAPACITY, "v=10&encoding=json").map_err(|_| anyhow!("no link"))?;
        let client = Arc::new(client);
        let token = crowd.hall.tokens.first().context("a token")?;
        let identify = json!({"op": 2, "d": {"token": token, "intents": INTENTS,
            "properties": {"os": "linux", "browser": "bench", "device": ""}}});
        client.send(identify.to_string());
        let chunks = Arc::new(AtomicUsize::new(0));
        let (entered, counter) = (Arc::new(AtomicBool::new(false)), Arc::clone(&chunks));
        tokio::spawn({
            let (client, entered) = (Arc::clone(&client), Arc::clone(&entered));
            async move {
                while let Some(payload) = client.recv().await {
                    let head = &payload[..payload.len().min(64)];
                    let is = |name: &str| head.windows(name.len()).any(|at| at == name.as_bytes());
                    counter.fetch_add(usize::from(is("GUILD_MEMBERS_CHUNK")), Ordering::Relaxed);
                    entered.fetch_or(is("GUILD_CREATE"), Ordering::Release);
                }
            }
        });
        wait_until(|| entered.load(Ordering::Acquire)).await;
        Ok(Self { client, chunks })
    }

    fn ask(&self, crowd: &Crowd) {
        let list = json!({"guild_id": crowd.hall.guild, "query": "", "limit": 0});
        self.client.send(json!({"op": 8, "d": list}).to_string());
    }
}

/// Has the whole list sent.
async fn list(crowd: &Crowd, reader: &Reader, sizes: Sizes) -> anyhow::Result<()> {
    let before = reader.chunks.load(Ordering::Relaxed);
    reader.ask(crowd);
    let all = sizes.members.div_ceil(1_000);
    let came = wait_until(|| reader.chunks.load(Ordering::Relaxed) - before >= all);
    tokio::time::timeout(Duration::from_secs(900), came).await.context("chunks are missing")?;
    Ok(())
}

/// Measures the guild's own turn for a mention of everybody.
async fn everyone(crowd: &Crowd, sizes: Sizes, report: &mut Report) -> anyhow::Result<()> {
    let mut turns = Vec::new();
    for _ in 0..sizes.messages {
        let (before, due) = (turn(crowd), crowd.addressed() + crowd.sessions() as u64);
        crowd.post(crowd.hall.channel, "@everyone look").await?;
        crowd.handed(due).await;
        turns.push(Duration::from_secs_f64((turn(crowd) - before).max(0.0)));
    }
    let slowest = micros(percentile::of(&mut turns, 1.0)) / 1_000.0;
    report.target("the guild's turn for an @everyone, slowest", slowest, "ms", Target::AtMost(1.0));
    Ok(())
}

/// Returns the seconds that guilds spent in their turns.
fn turn(crowd: &Crowd) -> f64 {
    let page = crowd.node.metrics();
    let sample = page.lines().find_map(|l| l.strip_prefix("throng_command_seconds_total "));
    sample.and_then(|seconds| seconds.parse().ok()).unwrap_or(0.0)
}

/// Measures deliveries to everybody with and without a list under way, in turn.
async fn slowed(
    crowd: &Crowd,
    reader: &Reader,
    sizes: Sizes,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let rate = |time: Duration| (crowd.sessions() * BURST) as f64 / time.as_secs_f64().max(1e-9);
    for _ in 0..sizes.messages {
        alone.push(rate(deliver(crowd).await?));
        reader.ask(crowd);
        let runs = || job(crowd, JobKind::Chunks).filter(|job| job.state == JobState::Running);
        let started = tokio::time::timeout(Duration::from_secs(5), wait_until(|| runs().is_some()));
        // A tiny list may be over before it is seen.
        _ = started.await;
        beside.push(rate(deliver(crowd).await?));
        if let Some(job) = runs() {
            crowd.node.cancel_job(job.id);
        }
    }
    for (what, rates) in [("no list", &alone), ("beside a list", &beside)] {
        let rates = rates.iter().copied().collect();
        report.spread(format!("deliveries, {what}"), &rates, "/s", None);
    }
    let ratios = Spread::ratios(&beside, &alone);
    let target = Some(Target::AtLeast(0.9));
    report.spread("deliveries: beside a list / alone", &ratios, "x", target);
    Ok(())
}

/// Posts some messages to everybody and returns how long it took until all links had them.
async fn deliver(crowd: &Crowd) -> anyhow::Result<Duration> {
    let due = crowd.addressed() + (crowd.sessions() * BURST) as u64;
    let began = Instant::now();
    let posts = (0..BURST).map(|_| crowd.post(crowd.hall.channel, "to everybody"));
    try_join_all(posts).await?;
    crowd.handed(due).await;
    Ok(began.elapsed())
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
