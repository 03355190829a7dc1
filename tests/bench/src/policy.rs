//! What asking a policy costs: each hook, with and without remembered verdicts, on one and two
//! threads.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use throng_engine::mode::Mode;
use throng_engine::policy::{
    Act, AttachmentFacts, GuildFacts, LagFacts, Native, NodeFacts, PASSIVE_V2, Policy as _,
    PublishFacts, RelayFacts, SessionFacts,
};
use throng_plugin_policy_rhai::{Config, RhaiPolicy};
use throng_proto::gateway::Connection;
use throng_proto::id::Id;
use throng_proto::intents::Intents;
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use crate::percentile;
use crate::report::{Options, Report, Target};

/// Times that the halves of a comparison are run in turn; the best of each counts.
const ROUNDS: usize = 5;
/// A rollout: nine in ten users are passive.
const ROLLOUT: &str = r#"
    fn passivity(session, guild) {
        if percent(session.user, "launch") < 90 { "passive" } else { "active" }
    }
"#;
/// The same, so that the percentage is what is read, and not the user.
const CACHED_ROLLOUT: &str = r#"
    fn passivity(session, guild) {
        if session.percent("launch") < 90 { "passive" } else { "active" }
    }
"#;

/// Asks the default policy and a rollout, every hook and many attachments.
///
/// # Errors
///
/// A policy cannot be loaded.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let calls: u64 = if options.smoke { 200 } else { 200_000 };
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/policies/default.rhai");
    let folder = tempfile::tempdir()?;
    let rollout = folder.path().join("rollout.rhai");
    std::fs::write(&rollout, ROLLOUT)?;
    let cached_rollout = folder.path().join("cached-rollout.rhai");
    std::fs::write(&cached_rollout, CACHED_ROLLOUT)?;
    let mut report = Report::new("policy: what asking a script costs");
    machine(&mut report, calls);
    hooks(&mut report, &open(&default, 0)?, calls / 10);
    attachments(&mut report, "default, run", &open(&default, 0)?, calls, None);
    attachments(&mut report, "rollout, run", &open(&rollout, 0)?, calls, None);
    attachments(&mut report, "rollout, reads all", &open(&rollout, 65_536)?, calls, None);
    let million = Some(Target::AtLeast(1e6));
    attachments(&mut report, "default, remembered", &open(&default, 65_536)?, calls * 5, million);
    let rollout = open(&cached_rollout, 65_536)?;
    attachments(&mut report, "rollout, remembered", &rollout, calls * 5, million);
    Ok(report)
}

fn open(path: &Path, cached_verdicts_max: u64) -> anyhow::Result<RhaiPolicy> {
    let config = Config { path: PathBuf::from(path), cached_verdicts_max, ..Config::default() };
    RhaiPolicy::open(config, Native { relay_capacity: 15_000 }).context("the policy is broken")
}

/// Measures how much two threads can do here at best, whatever else the machine does.
fn machine(report: &mut Report, calls: u64) {
    let spin = |threads: u64| {
        let begin = Instant::now();
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| (0..calls * 500).for_each(|turn| _ = black_box(turn)));
            }
        });
        threads as f64 / begin.elapsed().as_secs_f64()
    };
    let best = |threads| (0..ROUNDS).map(|_| spin(threads)).fold(0.0, f64::max);
    report.figure("the machine: two threads / one", best(2) / best(1), "x");
}

/// Measures each hook by itself.
fn hooks(report: &mut Report, policy: &RhaiPolicy, calls: u64) {
    let scene = Scene::default();
    let (now, session, guild) = (scene.now, &scene.session, &scene.guild);
    let relays = [RelayFacts { relay: 1, load: 7 }, RelayFacts { relay: 2, load: 3 }];
    let event = PublishFacts {
        act: Act::Message,
        author: Id::new(1),
        bot: false,
        guild: Id::new(2),
        channel: Id::new(3),
        length: 12,
        everyone: false,
    };
    let (lag, node) = (LagFacts { events: 9, bytes: 999 }, NodeFacts { pressure: 80 });
    latency(report, "connect", calls, || _ = black_box(policy.connect(now, session)));
    latency(report, "passivity", calls, || {
        black_box(policy.passivity(now, session, guild, &scene.attachment()));
    });
    latency(report, "delivery", calls, || _ = black_box(policy.delivery(now, guild)));
    latency(report, "relays", calls, || _ = black_box(policy.relays(now, guild)));
    latency(report, "relay", calls, || {
        black_box(policy.relay(now, session, guild, &relays));
    });
    latency(report, "publish", calls, || _ = black_box(policy.publish(now, &event)));
    latency(report, "lag", calls, || _ = black_box(policy.lag(now, session, &lag)));
    latency(report, "overload", calls, || _ = black_box(policy.overload(now, &node)));
}

fn latency(report: &mut Report, name: &str, calls: u64, mut call: impl FnMut()) {
    let mut samples: Vec<Duration> = (0..calls)
        .map(|_| {
            let begin = Instant::now();
            call();
            begin.elapsed()
        })
        .collect();
    for (word, share) in [("p50", 0.5), ("p99", 0.99)] {
        let micros = percentile::of(&mut samples, share).as_secs_f64() * 1e6;
        report.figure(format!("{name} {word}"), micros, "us");
    }
}

/// Asks about many attachments, on one thread and on two.
fn attachments(
    report: &mut Report,
    name: &str,
    policy: &RhaiPolicy,
    calls: u64,
    target: Option<Target>,
) {
    let (mut one, mut two) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        one = one.max(rate(policy, calls, 1));
        two = two.max(rate(policy, calls, 2));
    }
    match target {
        Some(target) => report.target(format!("{name}: one thread"), one, "/s", target),
        None => report.figure(format!("{name}: one thread"), one, "/s"),
    }
    let ratio = Target::AtLeast(1.8);
    report.target(format!("{name}: two threads / one"), two / one, "x", ratio);
}

/// Returns the calls per second of so many threads that ask about different users.
fn rate(policy: &RhaiPolicy, calls: u64, threads: u64) -> f64 {
    let policy = Arc::new(policy.clone());
    let begin = Instant::now();
    thread::scope(|scope| {
        for thread in 0..threads {
            let policy = Arc::clone(&policy);
            scope.spawn(move || {
                let mut scene = Scene::default();
                for call in 0..calls {
                    scene.turn(thread * calls + call);
                    let Scene { now, session, guild, .. } = &scene;
                    black_box(policy.passivity(*now, session, guild, &scene.attachment()));
                }
            });
        }
    });
    (calls * threads) as f64 / begin.elapsed().as_secs_f64()
}

/// A session in a guild.
struct Scene {
    now: Timestamp,
    session: SessionFacts,
    guild: GuildFacts,
    subscribed: bool,
}

impl Default for Scene {
    fn default() -> Self {
        let connection = Connection { os: "linux".to_owned(), ..Connection::default() };
        Self {
            now: Timestamp::from_millis(1_790_000_000_000),
            session: SessionFacts {
                user: Id::new(1),
                bot: false,
                capabilities: PASSIVE_V2,
                intents: Intents::NONE,
                afk: false,
                status: Status::Online,
                connection: Arc::new(connection),
            },
            guild: GuildFacts {
                guild: Id::new(7),
                members: 1_000_000,
                attachments: 1_000_000,
                relays: 67,
            },
            subscribed: false,
        }
    }
}

impl Scene {
    /// Makes it another user's; most attachments are alike but for who they are.
    fn turn(&mut self, number: u64) {
        self.now = self.now.after(Duration::from_millis(1));
        self.session.user = Id::new(1_000_000_000_000 + number);
        self.session.afk = number.is_multiple_of(20);
        self.subscribed = number.is_multiple_of(10);
    }

    fn attachment(&self) -> AttachmentFacts<'_> {
        AttachmentFacts {
            roles: &[],
            permissions: Permissions::from_bits(0),
            subscribed: self.subscribed,
            mode: Some(Mode::Active),
        }
    }
}
