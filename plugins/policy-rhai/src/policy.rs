//! The policy in force: a script, or the native default, behind one handle.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use throng_engine::mode::DeliveryTable;
use throng_engine::policy::{
    AttachmentFacts, Connect, GuildFacts, Lag, LagFacts, Native, NodeFacts, Passivity, Placement,
    Policy, Publish, PublishFacts, RelayFacts, SessionFacts, Shed, Split,
};
use throng_ports::link::BoxFuture;
use throng_ports::metrics::{Page, Source};
use throng_ports::policy::{PolicyFault, PolicyHost, PolicyStatus, Tell};
use throng_proto::time::Timestamp;
use tokio::sync::Notify;

use crate::cache::Verdicts;
use crate::config::Config;
use crate::failure::Memory;
use crate::hook::Hook;
use crate::loading;
use crate::metrics::{self, Loads, Row};
use crate::question::Question;
use crate::respondent::{Answer, Surroundings};
use crate::sandbox::Sandbox;
use crate::source::fault_of;
use crate::standing::Standing;
use crate::time::{Clock, SystemClock};
use crate::trial::Inspector;
use crate::verdict::Verdict;
use crate::version::Version;
use crate::watch::Watch;

/// Name and version of the native policy.
const NATIVE: &str = "native";

/// The policy in force. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct RhaiPolicy(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    around: Surroundings,
    standing: Standing,
    opened_at: Timestamp,
    last_load: Mutex<Load>,
    failed_loads: AtomicU64,
    taken_back: AtomicU64,
    /// Told when another version is in force without anybody having asked for it.
    changed: Arc<Notify>,
    /// Held while a version is loaded, so that loads take effect in the order of their reading.
    loading: Mutex<()>,
    /// Notices that files change, once somebody wants to know.
    watch: Mutex<Option<Watch>>,
}

#[derive(Clone, Debug)]
struct Load {
    at: Timestamp,
    fault: Option<PolicyFault>,
}

/// What a policy is opened with besides its settings.
#[derive(Clone, Debug)]
pub struct Means {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Looks at versions before they are put in force, where the settings require a check.
    pub inspector: Option<Arc<dyn Inspector>>,
}

impl Default for Means {
    /// The clock of this machine, and no inspector.
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock::default()), inspector: None }
    }
}

impl RhaiPolicy {
    /// Loads the policy that the settings name, without an inspector. Blocks on files.
    ///
    /// # Errors
    ///
    /// The policy is broken, or the settings require that it is checked.
    pub fn open(config: Config, native: Native) -> Result<Self, PolicyFault> {
        Self::open_with(config, native, Means::default())
    }

    /// Loads the policy that the settings name, with what the caller brings.
    ///
    /// # Errors
    ///
    /// The policy is broken, or a limit cannot be.
    pub fn open_with(config: Config, native: Native, means: Means) -> Result<Self, PolicyFault> {
        if let Some((key, right)) = config.problem() {
            let why = format!("the setting policy.{key} must be {right}");
            return Err(settings_fault(&config.path, why));
        }
        let Means { clock, inspector } = means;
        let opened_at = clock.now();
        let around = Surroundings {
            verdicts: Verdicts::new(config.cached_verdicts_max),
            memory: Memory::default(),
            sandbox: Sandbox::new(clock, native),
            inspector,
        };
        let policy = Self(Arc::new(Inner {
            config,
            around,
            standing: Standing::default(),
            opened_at,
            last_load: Mutex::new(Load { at: opened_at, fault: None }),
            failed_loads: AtomicU64::new(0),
            taken_back: AtomicU64::new(0),
            changed: Arc::default(),
            loading: Mutex::new(()),
            watch: Mutex::new(None),
        }));
        policy.load()?;
        Ok(policy)
    }

    /// Loads the policy again as [`PolicyHost::reload`] does. Blocks on files.
    ///
    /// # Errors
    ///
    /// The policy is broken; the one before goes on.
    pub fn load(&self) -> Result<PolicyStatus, PolicyFault> {
        self.0.load().map(|()| self.status())
    }

    /// Returns what is told when the version before has come back by itself, so that everybody
    /// can be asked about again.
    #[must_use]
    pub fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.0.changed)
    }

    /// Keeps a watch for as long as there is a handle.
    pub(crate) fn keep(&self, watch: Watch) {
        *self.0.watch.lock() = Some(watch);
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }
}

/// Describes settings that cannot be, whether they name a script or not.
fn settings_fault(path: &Path, why: String) -> PolicyFault {
    match path.as_os_str().is_empty() {
        true => PolicyFault {
            file: String::new(),
            line: 0,
            column: 0,
            message: why.clone(),
            report: why,
        },
        false => fault_of(path, why),
    }
}

impl Inner {
    fn load(&self) -> Result<(), PolicyFault> {
        let _one_at_a_time = self.loading.lock();
        let loaded = self.swap();
        let fault = loaded.as_ref().err().cloned();
        if fault.is_some() {
            self.failed_loads.fetch_add(1, Ordering::Relaxed);
        }
        *self.last_load.lock() = Load { at: self.around.sandbox.clock.now(), fault };
        loaded
    }

    /// Puts the version on disk in force, unless it is already.
    fn swap(&self) -> Result<(), PolicyFault> {
        if self.config.path.as_os_str().is_empty() {
            return Ok(());
        }
        let next = loading::load(&self.config, &self.around, &self.standing)?;
        if self.standing.adopt(next, self.around.sandbox.clock.now()) {
            self.around.verdicts.clear();
        }
        Ok(())
    }

    fn ask(&self, now: Timestamp, question: Question<'_>) -> Verdict {
        let version = self.standing.current();
        let asked = version.as_ref().and_then(|version| {
            let respondent = version.respondent(question.hook())?;
            Some((version, respondent.answer(now, &question, &self.around)))
        });
        match asked {
            Some((version, Answer { verdict, gave_up: Some(why) })) => self
                .give_up(version, question.hook(), &why)
                .map_or(verdict, |before| match before.respondent(question.hook()) {
                    Some(respondent) => respondent.answer(now, &question, &self.around).verdict,
                    None => question.put(&self.around.sandbox.native, now),
                }),
            Some((_, answer)) => answer.verdict,
            None => question.put(&self.around.sandbox.native, now),
        }
    }

    /// Tells that a hook is left alone, and brings the version before back where that is set.
    fn give_up(&self, failing: &Arc<Version>, hook: Hook, why: &str) -> Option<Arc<Version>> {
        let (hook, times) = (hook.name(), self.config.failures_max);
        let version = failing.label();
        let why = format!("the hook `{hook}` failed {times} times in a row: {why}");
        tracing::warn!(version, hook, "a hook of the policy is left alone for a while: {why}");
        let now = self.around.sandbox.clock.now();
        let before = match self.config.fall_back {
            true => self.standing.take_back(failing, &why, now),
            false => None,
        }?;
        self.taken_back.fetch_add(1, Ordering::Relaxed);
        self.around.verdicts.clear();
        let in_force = before.label();
        tracing::error!(version, in_force, "the policy is taken back, the one before runs: {why}");
        self.changed.notify_one();
        Some(before)
    }
}

/// Answers a question with the verdict of its own kind.
macro_rules! ask {
    ($self:ident, $now:ident, $hook:ident { $($fact:ident),* }) => {
        match $self.0.ask($now, Question::$hook { $($fact),* }) {
            Verdict::$hook(verdict) => verdict,
            other => unreachable!("{} answered {}", other.hook(), stringify!($hook)),
        }
    };
}

impl Policy for RhaiPolicy {
    fn connect(&self, now: Timestamp, session: &SessionFacts) -> Connect {
        ask!(self, now, Connect { session })
    }

    fn passivity(
        &self,
        now: Timestamp,
        session: &SessionFacts,
        guild: &GuildFacts,
        attachment: &AttachmentFacts<'_>,
    ) -> Passivity {
        ask!(self, now, Passivity { session, guild, attachment })
    }

    fn delivery(&self, now: Timestamp, guild: &GuildFacts) -> DeliveryTable {
        ask!(self, now, Delivery { guild })
    }

    fn relays(&self, now: Timestamp, guild: &GuildFacts) -> Split {
        ask!(self, now, Relays { guild })
    }

    fn relay(
        &self,
        now: Timestamp,
        session: &SessionFacts,
        guild: &GuildFacts,
        relays: &[RelayFacts],
    ) -> Placement {
        ask!(self, now, Relay { session, guild, relays })
    }

    fn publish(&self, now: Timestamp, event: &PublishFacts) -> Publish {
        ask!(self, now, Publish { event })
    }

    fn lag(&self, now: Timestamp, session: &SessionFacts, lag: &LagFacts) -> Lag {
        ask!(self, now, Lag { session, lag })
    }

    fn overload(&self, now: Timestamp, node: &NodeFacts) -> Shed {
        ask!(self, now, Overload { node })
    }
}

impl PolicyHost for RhaiPolicy {
    fn status(&self) -> PolicyStatus {
        let Load { at: loaded_at, fault } = self.0.last_load.lock().clone();
        let troubles = self.0.standing.troubles();
        match &*self.0.standing.current() {
            Some(version) => PolicyStatus { loaded_at, fault, troubles, ..version.status() },
            None => PolicyStatus {
                name: NATIVE.to_owned(),
                version: NATIVE.to_owned(),
                since: self.0.opened_at,
                path: None,
                hooks: Vec::new(),
                loaded_at,
                fault,
                troubles,
            },
        }
    }

    fn reload(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>> {
        let policy = self.clone();
        Box::pin(async move {
            let path = policy.0.config.path.clone();
            let load = tokio::task::spawn_blocking(move || policy.load());
            load.await.unwrap_or_else(|error| Err(fault_of(&path, error.to_string())))
        })
    }

    fn watch(&self, tell: Tell) -> io::Result<()> {
        self.tell(tell)
    }
}

impl Source for RhaiPolicy {
    fn measure(&self, page: &mut Page) {
        let both = self.0.standing.both();
        let rows: Vec<Row<'_>> = both.iter().flat_map(|version| version.rows()).collect();
        metrics::hooks(page, &rows);
        let mut versions: Vec<&str> = both.iter().map(|version| version.id()).collect();
        if versions.is_empty() {
            versions.push(NATIVE);
        }
        metrics::loads(
            page,
            &Loads {
                versions,
                failed: self.0.last_load.lock().fault.is_some(),
                failures: self.0.failed_loads.load(Ordering::Relaxed),
                taken_back: self.0.taken_back.load(Ordering::Relaxed),
                cached: self.0.around.verdicts.count(),
            },
        );
    }
}
