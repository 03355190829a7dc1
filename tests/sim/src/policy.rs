//! The policy of a world: the native one, or scripts that are put in force one after the other.

mod hand;
mod sway;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt as _;
use tempfile::TempDir;
use throng_engine::policy::{Native, Policy};
use throng_plugin_policy_rhai::{Config, Hooks, Means, Require, RhaiPolicy};

use self::hand::Hand;
pub(crate) use self::sway::Sway;
use crate::chance::Chance;

/// Scripts of this folder, and of those that are shipped. About those below [`STEADY`] nobody
/// changes their mind by themselves.
const SCRIPTS: [&str; 10] = [
    "scripts/policies/default.rhai",
    "scripts/policies/bots-first.rhai",
    "scripts/policies/by-region.rhai",
    "scripts/policies/event-day.rhai",
    "tests/sim/scripts/splits.rhai",
    "scripts/policies/quiet-hours.rhai",
    "tests/sim/scripts/moody.rhai",
    "tests/sim/scripts/fails.rhai",
    "tests/sim/scripts/spins.rhai",
    "tests/sim/scripts/broken.rhai",
];
/// How many of them, from the first on, answer the same whenever they are asked.
const STEADY: usize = 5;
/// Operations that a hook may take.
const OPERATIONS_MAX: u64 = 1_000;

/// The policy in force, and how it changes.
#[derive(Debug)]
pub(crate) enum Council {
    /// The native policy, but for how it splits guilds.
    Native(Arc<Sway>),
    /// A script.
    Script(Scripts),
}

/// Scripts that replace each other.
#[derive(Debug)]
pub(crate) struct Scripts {
    policy: RhaiPolicy,
    hand: Arc<Hand>,
    folder: TempDir,
    current: usize,
}

impl Council {
    pub(crate) fn native() -> Self {
        Self::Native(Arc::default())
    }

    /// Opens the default script.
    ///
    /// # Errors
    ///
    /// It cannot be loaded.
    pub(crate) fn scripted() -> Result<Self, String> {
        let told = |error: std::io::Error| format!("a folder for scripts: {error}");
        let folder = TempDir::new().map_err(told)?;
        fs::copy(root().join(SCRIPTS[0]), script_of(&folder)).map_err(told)?;
        let hand = Arc::new(Hand::default());
        let clock = Arc::clone(&hand);
        let means = Means { clock, ..Means::default() };
        let native = Native { relay_capacity: 5 };
        let opened = RhaiPolicy::open_with(config(script_of(&folder)), native, means);
        let policy = opened.map_err(|fault| fault.report)?;
        Ok(Self::Script(Scripts { policy, hand, folder, current: 0 }))
    }

    pub(crate) fn policy(&self) -> Arc<dyn Policy> {
        match self {
            Self::Native(sway) => Arc::clone(sway) as Arc<dyn Policy>,
            Self::Script(scripts) => Arc::new(scripts.policy.clone()),
        }
    }

    /// Says what time it is since the beginning, in milliseconds.
    pub(crate) fn set_time(&self, now: u64) {
        if let Self::Script(scripts) = self {
            scripts.hand.set(now);
        }
    }

    /// Changes its mind about something, and says what it did.
    pub(crate) fn change(&mut self, chance: &mut Chance) -> String {
        match self {
            Self::Native(sway) => {
                let capacity = 1 + chance.below(6);
                sway.split(capacity);
                format!("relays take {capacity}")
            }
            Self::Script(scripts) if chance.per_mille(200) => {
                let drags = scripts.hand.drag();
                format!("scripts are slow: {drags}")
            }
            Self::Script(scripts) => scripts.load(chance.below(SCRIPTS.len())),
        }
    }

    /// Tells whether the version before has come back by itself since the last call.
    pub(crate) fn was_taken_back(&mut self) -> bool {
        let Self::Script(scripts) = self else { return false };
        let taken_back = scripts.policy.changed().notified().now_or_never().is_some();
        if taken_back {
            // Which one it is matters only to who asks whether it is steady.
            scripts.current = SCRIPTS.len();
        }
        taken_back
    }

    /// Lets it be as fast as usual again.
    pub(crate) fn calm(&self) {
        if let Self::Script(scripts) = self {
            scripts.hand.rest();
        }
    }

    /// Tells whether it answers the same whenever it is asked.
    pub(crate) const fn is_steady(&self) -> bool {
        match self {
            Self::Native(_) => true,
            Self::Script(scripts) => scripts.current < STEADY,
        }
    }
}

impl Scripts {
    /// Puts another script in force, if it can be loaded.
    fn load(&mut self, index: usize) -> String {
        let name = SCRIPTS[index];
        let slow = self.hand.rest();
        let copied = fs::copy(root().join(name), script_of(&self.folder)).is_ok();
        let loaded = copied && self.policy.load().is_ok();
        if loaded {
            self.current = index;
        }
        if slow {
            self.hand.drag();
        }
        format!("{name} is {}", if loaded { "in force" } else { "refused" })
    }
}

fn script_of(folder: &TempDir) -> PathBuf {
    folder.path().join("policy.rhai")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn config(path: PathBuf) -> Config {
    let mut hooks = Hooks::default();
    for hook in [&mut hooks.passivity, &mut hooks.relays, &mut hooks.publish] {
        hook.operations_max = OPERATIONS_MAX;
    }
    let (library, require) = (root().join("scripts/lib"), Require::Compile);
    let (failures_max, pause_seconds) = (3, 2);
    Config { path, library, require, failures_max, pause_seconds, hooks, ..Config::default() }
}
