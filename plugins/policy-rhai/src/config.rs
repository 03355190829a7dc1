//! Settings of policies.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::hook::Hook;

/// Settings of policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The script, or a folder that holds exactly one; empty, the default, for the native policy.
    pub path: PathBuf,
    /// Folder of the modules that scripts may import; empty, the default, for the folder `lib`
    /// beside the script or beside its folder. Nothing outside of it is ever read.
    pub library: PathBuf,
    /// Bytes that the script, and each module, may have. Default 262,144 (256 KiB).
    pub script_bytes_max: u64,
    /// Verdicts that are remembered for equal facts; 0 remembers none. Default 65,536, about
    /// 16 MB.
    pub cached_verdicts_max: u64,
    /// Failures of one hook in a row after which it is left alone for a while. Default 5.
    pub failures_max: u32,
    /// Seconds for which such a hook is left alone before it is tried again. Default 10.
    pub pause_seconds: u64,
    /// What a script must pass before it is put in force: `check` for all that `throng policy
    /// check` says is an error, `compile` for compiling and its own tests. Default `check`.
    pub require: Require,
    /// Whether a policy without any case and any function `test_…` is refused. Default false: the
    /// log warns of it.
    pub tests_required: bool,
    /// Seconds that a check may take while a policy is loaded; what it has not asked by then is
    /// told and not held against the policy. Default 30, at most 600.
    pub check_seconds_max: u64,
    /// Whether the version before comes back when a hook of the one in force is left alone.
    /// Default true.
    pub fall_back: bool,
    /// Milliseconds for which the script, its cases and its library must have stood still before a
    /// change is loaded: editors write in several steps. Default 1,000, at most 60,000.
    pub settle_millis: u64,
    /// What each hook may take, and what happens when it fails.
    pub hooks: Hooks,
}

impl Config {
    /// Returns the folder of the modules that a script may import; it need not be there.
    #[must_use]
    pub fn library_of(&self, script: &Path) -> PathBuf {
        if !self.library.as_os_str().is_empty() {
            return self.library.clone();
        }
        let script = script.canonicalize().unwrap_or_else(|_| script.to_owned());
        let mut near = script.ancestors().skip(1).take(2).map(|folder| folder.join("lib"));
        near.find(|folder| folder.is_dir()).unwrap_or_else(|| script.with_file_name("lib"))
    }

    /// Returns limits within which every hook's lie.
    #[must_use]
    pub fn widest(&self) -> HookConfig {
        let hooks = Hook::ALL.map(|hook| *self.hooks.of(hook));
        hooks.into_iter().fold(self.hooks.connect, HookConfig::or_more)
    }

    /// Finds a setting that cannot be: its key, such as `hooks.lag.operations_max`, and what it
    /// must be.
    #[must_use]
    pub fn problem(&self) -> Option<(String, String)> {
        let own = [
            ("check_seconds_max", self.check_seconds_max, 1, 600),
            ("settle_millis", self.settle_millis, 0, 60_000),
        ];
        let wrong = own.into_iter().find(|(_, value, min, max)| !(min..=max).contains(&value));
        if let Some((name, value, min, max)) = wrong {
            return Some((name.to_owned(), format!("{min} to {max}, and is {value}")));
        }
        Hook::ALL.into_iter().find_map(|hook| {
            let (name, right) = self.hooks.of(hook).problem()?;
            Some((format!("hooks.{}.{name}", hook.name()), right))
        })
    }

    /// Returns for how long a failing hook is left alone.
    #[must_use]
    pub const fn pause(&self) -> Duration {
        Duration::from_secs(self.pause_seconds)
    }

    /// Returns for how long files must have stood still.
    pub(crate) const fn settle(&self) -> Duration {
        Duration::from_millis(self.settle_millis)
    }

    /// Returns how long a check may take while a policy is loaded.
    #[must_use]
    pub const fn check_time(&self) -> Duration {
        Duration::from_secs(self.check_seconds_max)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            library: PathBuf::new(),
            script_bytes_max: 256 * 1024,
            cached_verdicts_max: 65_536,
            failures_max: 5,
            pause_seconds: 10,
            require: Require::Check,
            tests_required: false,
            check_seconds_max: 30,
            fall_back: true,
            settle_millis: 1_000,
            hooks: Hooks::default(),
        }
    }
}

/// What a script must pass before it is put in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Require {
    /// What `throng policy check` says is an error.
    #[default]
    Check,
    /// It compiles, and its own tests pass.
    Compile,
}

/// Settings of each hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// May a session begin? Open admits it, closed refuses it for ten seconds.
    pub connect: HookConfig,
    /// How much does an attachment receive? Open is active, closed is passive; after a minute it is
    /// asked again.
    pub passivity: HookConfig,
    /// What does each mode get? Open is the default table, closed withholds from all modes but
    /// active whatever is not structure or a mention.
    pub delivery: HookConfig,
    /// How is a guild split? Open and closed are the configured capacity and one relay at a time.
    pub relays: HookConfig,
    /// Which relay takes an attachment? Open and closed are the first with room.
    pub relay: HookConfig,
    /// May an author publish? Open allows it, closed refuses it.
    pub publish: HookConfig,
    /// What happens to a session that is too far behind? Open conflates, closed closes its link.
    pub lag: HookConfig,
    /// What does a node under pressure shed? Open sheds nothing, closed typing and presences.
    pub overload: HookConfig,
}

impl Hooks {
    /// Returns the settings of a hook.
    #[must_use]
    pub const fn of(&self, hook: Hook) -> &HookConfig {
        match hook {
            Hook::Connect => &self.connect,
            Hook::Passivity => &self.passivity,
            Hook::Delivery => &self.delivery,
            Hook::Relays => &self.relays,
            Hook::Relay => &self.relay,
            Hook::Publish => &self.publish,
            Hook::Lag => &self.lag,
            Hook::Overload => &self.overload,
        }
    }
}

impl Default for Hooks {
    fn default() -> Self {
        let with = |on_failure| HookConfig { on_failure, ..HookConfig::default() };
        Self {
            connect: with(OnFailure::Open),
            passivity: with(OnFailure::LastGood),
            delivery: with(OnFailure::LastGood),
            relays: with(OnFailure::LastGood),
            relay: with(OnFailure::Open),
            publish: with(OnFailure::Open),
            lag: with(OnFailure::Closed),
            overload: with(OnFailure::LastGood),
        }
    }
}

/// What one hook may take, and what happens when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HookConfig {
    /// What stands in for a verdict when the hook fails: `open`, `closed`, or `last-good` for the
    /// verdict before. Default `open` for `connect`, `relay` and `publish`, `closed` for `lag`,
    /// `last-good` for the others.
    pub on_failure: OnFailure,
    /// Operations, about one per expression and statement. Default 10,000, at most 10,000,000.
    pub operations_max: u64,
    /// Milliseconds. Default 10, at most 1,000; operations end most runs much earlier.
    pub wall_millis_max: u64,
    /// Functions that call each other. Default 16, at most 32.
    pub call_depth_max: usize,
    /// Expressions and blocks inside of each other; an `if` counts for four. Default 32, at most
    /// 64.
    pub expression_depth_max: usize,
    /// Bytes of a string, or of all strings in an array or map. Default 2,048, at most 8,192.
    pub string_bytes_max: usize,
    /// Items of an array, with those inside of its items. Default 256, at most 384: arrays inside
    /// of each other take stack.
    pub array_items_max: usize,
    /// Entries of a map, with those inside of its entries. Default 128, at most 128.
    pub map_entries_max: usize,
    /// Variables at the same time. Default 128, at most 1,024.
    pub variables_max: usize,
    /// Functions of the script. Default 256, at most 1,024.
    pub functions_max: usize,
    /// Modules that are imported. Default 16, at most 64.
    pub modules_max: usize,
}

impl HookConfig {
    fn or_more(self, other: Self) -> Self {
        Self {
            on_failure: self.on_failure,
            operations_max: self.operations_max.max(other.operations_max),
            wall_millis_max: self.wall_millis_max.max(other.wall_millis_max),
            call_depth_max: self.call_depth_max.max(other.call_depth_max),
            expression_depth_max: self.expression_depth_max.max(other.expression_depth_max),
            string_bytes_max: self.string_bytes_max.max(other.string_bytes_max),
            array_items_max: self.array_items_max.max(other.array_items_max),
            map_entries_max: self.map_entries_max.max(other.map_entries_max),
            variables_max: self.variables_max.max(other.variables_max),
            functions_max: self.functions_max.max(other.functions_max),
            modules_max: self.modules_max.max(other.modules_max),
        }
    }

    /// Finds a limit that is none, or that is more than the sandbox can hold.
    fn problem(&self) -> Option<(&'static str, String)> {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let limits = [
            ("operations_max", self.operations_max, 10_000_000),
            ("wall_millis_max", self.wall_millis_max, 1_000),
            ("call_depth_max", count(self.call_depth_max), 32),
            ("expression_depth_max", count(self.expression_depth_max), 64),
            ("string_bytes_max", count(self.string_bytes_max), 8_192),
            ("array_items_max", count(self.array_items_max), 384),
            ("map_entries_max", count(self.map_entries_max), 128),
            ("variables_max", count(self.variables_max), 1_024),
            ("functions_max", count(self.functions_max), 1_024),
            ("modules_max", count(self.modules_max), 64),
        ];
        let wrong = limits.into_iter().find(|(_, value, max)| !(1..=*max).contains(value));
        wrong.map(|(name, value, max)| (name, format!("1 to {max}, and is {value}")))
    }
}

impl Default for HookConfig {
    fn default() -> Self {
        Self {
            on_failure: OnFailure::default(),
            operations_max: 10_000,
            wall_millis_max: 10,
            call_depth_max: 16,
            expression_depth_max: 32,
            string_bytes_max: 2_048,
            array_items_max: 256,
            map_entries_max: 128,
            variables_max: 128,
            functions_max: 256,
            modules_max: 16,
        }
    }
}

/// What stands in for the verdict of a hook that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The permissive answer.
    Open,
    /// The strict answer.
    Closed,
    /// The verdict in force, or else the native default.
    #[default]
    LastGood,
}
