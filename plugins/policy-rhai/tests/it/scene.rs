//! A folder with a policy, a clock that stands still, and facts to ask about.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use throng_engine::mode::Mode;
use throng_engine::policy::{
    Act, AttachmentFacts, GuildFacts, LagFacts, Native, NodeFacts, PublishFacts, SessionFacts,
};
use throng_engine::pressure::Band;
use throng_plugin_policy_rhai::{
    Clock, Config, Hook, Means, Outcome, Program, Question, Require, RhaiPolicy, Sandbox, Script,
};
use throng_ports::metrics::{Page, Source as _};
use throng_ports::policy::PolicyFault;
use throng_proto::gateway::Connection;
use throng_proto::id::Id;
use throng_proto::intents::Intents;
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

pub(crate) const NATIVE: Native = Native { relay_capacity: 15_000 };
/// 2026-11-25T22:30:00Z, a Wednesday.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_645_800_000);

/// Returns a policy's metrics as they are scraped.
pub(crate) fn page(policy: &RhaiPolicy) -> String {
    let mut page = Page::default();
    policy.measure(&mut page);
    page.into_text()
}

/// A policy on disk, with its library.
pub(crate) struct Room {
    folder: TempDir,
    pub(crate) config: Config,
    pub(crate) clock: Arc<ManualClock>,
}

impl Room {
    /// Makes a room whose script is this.
    pub(crate) fn new(script: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("policy.rhai");
        let library = folder.path().join("lib");
        fs::create_dir(&library).expect("a folder");
        // What a check would refuse is put in force here, to see what it does.
        let require = Require::Compile;
        let config = Config { path, library, require, settle_millis: 20, ..Config::default() };
        let room = Self { folder, config, clock: Arc::default() };
        room.write("policy.rhai", script);
        room
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    pub(crate) fn open(&self) -> Result<RhaiPolicy, PolicyFault> {
        let means = Means { clock: Arc::<ManualClock>::clone(&self.clock), inspector: None };
        RhaiPolicy::open_with(self.config.clone(), NATIVE, means)
    }

    pub(crate) fn policy(&self) -> RhaiPolicy {
        self.open().unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// Puts a question to the script alone, without cache and breaker.
    pub(crate) fn ask(&self, now: Timestamp, question: &Question<'_>) -> Outcome {
        self.program(question.hook()).ask(now, question)
    }

    pub(crate) fn program(&self, hook: Hook) -> Program {
        let sandbox = Sandbox::new(Arc::<ManualClock>::clone(&self.clock), NATIVE);
        let script = Script::load(&self.config.path, &sandbox, &self.config);
        let script = Arc::new(script.unwrap_or_else(|fault| panic!("{fault}")));
        let limits = self.config.hooks.of(hook);
        Program::new(&script, hook, &sandbox, limits).unwrap_or_else(|fault| panic!("{fault}"))
    }
}

/// A clock that moves when it is told to, or a step with every look.
#[derive(Debug, Default)]
pub(crate) struct ManualClock {
    millis: AtomicU64,
    step: AtomicU64,
}

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).expect("a short time");
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Lets a millisecond pass whenever somebody looks.
    pub(crate) fn hurry(&self) {
        self.step.store(1, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        NOW.after(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        let step = self.step.load(Ordering::Relaxed);
        Duration::from_millis(self.millis.fetch_add(step, Ordering::Relaxed))
    }
}

pub(crate) fn session() -> SessionFacts {
    let text = str::to_owned;
    SessionFacts {
        user: Id::new(1_001),
        bot: false,
        capabilities: 1 << 14,
        intents: Intents::GUILDS,
        afk: false,
        status: Status::Dnd,
        connection: Arc::new(Connection {
            os: text("linux"),
            browser: text("firefox"),
            device: text("desk"),
            region: text("eu"),
        }),
    }
}

pub(crate) fn guild() -> GuildFacts {
    GuildFacts { guild: Id::new(2_002), members: 90_000, attachments: 12_345, relays: 2 }
}

pub(crate) fn attachment() -> AttachmentFacts<'static> {
    const ROLES: &[Id<throng_proto::id::marker::Role>] = &[Id::new(5), Id::new(9)];
    AttachmentFacts {
        roles: ROLES,
        permissions: Permissions::MANAGE_MESSAGES,
        subscribed: false,
        mode: Some(Mode::Conflated),
    }
}

pub(crate) fn message() -> PublishFacts {
    PublishFacts {
        act: Act::Message,
        author: Id::new(1_001),
        bot: true,
        guild: Id::new(2_002),
        channel: Id::new(3_003),
        length: 42,
        everyone: true,
    }
}

pub(crate) const BEHIND: LagFacts = LagFacts { events: 70, bytes: 9_000 };
pub(crate) const NODE: NodeFacts = NodeFacts { pressure: 80, band: Band::Hot };
