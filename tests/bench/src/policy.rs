//! What asking a policy costs: each hook, with and without remembered verdicts, on one and two
//! threads.

mod race;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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

use race::Race;

/// How often everything is measured in turn.
const ROUNDS: usize = 20;
/// A rollout: nine in ten users are passive.
const ROLLOUT: &str = r#"
    fn passivity(session, guild) {
        if percent(session.user, "launch") < 90 { "passive" } else { "active" }
    }
"#;
/// The same, so that the percentage is what is read, and not the user.
const COARSE_ROLLOUT: &str = r#"
    fn passivity(session, guild) {
        if session.percent("launch") < 90 { "passive" } else { "active" }
    }
"#;

/// Asks the default policy and rollouts, every hook and many attachments.
///
/// # Errors
///
/// A policy cannot be loaded.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    let (rounds, calls) = if options.smoke { (1, 5) } else { (ROUNDS, 4_000) };
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/policies/default.rhai");
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).map(|()| path)
    };
    let rollout = write("rollout.rhai", ROLLOUT)?;
    let coarse = write("coarse.rhai", COARSE_ROLLOUT)?;
    let mut report = Report::new("policy: what asking a script costs");
    load(&mut report, &open(&default, 0)?)?;
    hooks(&mut report, &open(&default, 0)?, calls * 5);

    let mut machine = Race::default();
    let million = Target::AtLeast(1e6);
    let mut runners = [
        Runner::new("default, run", open(&default, 0)?, calls, None),
        Runner::new("rollout by user, run", open(&rollout, 0)?, calls, None),
        Runner::new("rollout by user, remembering", open(&rollout, 65_536)?, calls, None),
        Runner::new("default, remembered", open(&default, 65_536)?, calls * 10, Some(million)),
        Runner::new("rollout, remembered", open(&coarse, 65_536)?, calls * 10, Some(million)),
    ];
    for _ in 0..rounds {
        machine.run(calls * 1_000, |_| |turn| _ = black_box(turn));
        runners.iter_mut().for_each(Runner::run);
    }
    report.figure("the machine: two threads / one", machine.ratio(), "x");
    runners.into_iter().for_each(|runner| runner.report(&mut report));
    Ok(report)
}

fn open(path: &Path, cached_verdicts_max: u64) -> anyhow::Result<RhaiPolicy> {
    let config = Config { path: PathBuf::from(path), cached_verdicts_max, ..Config::default() };
    throng_plugin_policy_rhai_tool::open(config, Native { relay_capacity: 15_000 })
        .context("the policy is broken")
}

/// Measures a load: reading, compiling for every hook, and running the policy's tests.
fn load(report: &mut Report, policy: &RhaiPolicy) -> anyhow::Result<()> {
    let begin = Instant::now();
    policy.load()?;
    report.figure("load", begin.elapsed().as_secs_f64() * 1e3, "ms");
    Ok(())
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
    let (lag, node) = (LagFacts { events: 9, bytes: 999 }, NodeFacts::usual(80));
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

/// A policy that is asked about many attachments, on one thread and on two.
struct Runner {
    name: &'static str,
    policy: RhaiPolicy,
    calls: u64,
    target: Option<Target>,
    race: Race,
}

impl Runner {
    fn new(name: &'static str, policy: RhaiPolicy, calls: u64, target: Option<Target>) -> Self {
        Self { name, policy, calls, target, race: Race::default() }
    }

    fn run(&mut self) {
        // Nobody is asked about twice.
        static CROWD: AtomicU64 = AtomicU64::new(0);
        let policy = &self.policy;
        self.race.run(self.calls, |_| {
            let first = CROWD.fetch_add(1 << 32, Ordering::Relaxed);
            let mut scene = Scene::default();
            move |turn| {
                scene.turn(first + turn);
                let Scene { now, session, guild, .. } = &scene;
                black_box(policy.passivity(*now, session, guild, &scene.attachment()));
            }
        });
    }

    fn report(self, report: &mut Report) {
        let what = format!("{}: one thread", self.name);
        match self.target {
            Some(target) => report.target(what, self.race.one(), "/s", target),
            None => report.figure(what, self.race.one(), "/s"),
        }
        let what = format!("{}: two threads / one", self.name);
        report.target(what, self.race.ratio(), "x", Target::AtLeast(1.8));
    }
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
