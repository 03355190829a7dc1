//! One version of a scripted policy: everything that is swapped as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use throng_ports::policy::{PolicyFault, PolicyStatus};
use throng_proto::time::Timestamp;

use crate::config::Config;
use crate::hook::Hook;
use crate::metrics::Row;
use crate::respondent::Respondent;
use crate::sandbox::Sandbox;
use crate::script::Script;

/// A script with its hooks, ready to be asked.
#[derive(Debug)]
pub(crate) struct Version {
    script: Arc<Script>,
    respondents: [Option<Respondent>; Hook::ALL.len()],
    since: Mutex<Timestamp>,
}

impl Version {
    /// Makes the hooks of a script ready.
    ///
    /// # Errors
    ///
    /// The script is past the limits of a hook, or has no hook at all.
    pub(crate) fn new(
        script: &Arc<Script>,
        sandbox: &Sandbox,
        config: &Config,
    ) -> Result<Self, PolicyFault> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        script.must_decide()?;
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let mut respondents = [const { None }; Hook::ALL.len()];
        for hook in script.hooks.iter().copied() {
            let respondent = Respondent::new(script, hook, sandbox, config, serial)?;
            respondents[hook as usize] = Some(respondent);
        }
        let since = Mutex::new(sandbox.clock.now());
        Ok(Self { script: Arc::clone(script), respondents, since })
    }

    pub(crate) fn respondent(&self, hook: Hook) -> Option<&Respondent> {
        self.respondents[hook as usize].as_ref()
    }

    /// Tells whether it is made of a script.
    pub(crate) fn is(&self, script: &Script) -> bool {
        self.id() == script.version && self.script.source.path == script.source.path
    }

    pub(crate) fn id(&self) -> &str {
        &self.script.version
    }

    /// Writes name and hash.
    pub(crate) fn label(&self) -> String {
        format!("{} ({})", self.script.name(), self.id())
    }

    /// Begins to run again, with what was counted before.
    pub(crate) fn resume(&self, now: Timestamp) {
        *self.since.lock() = now;
        self.respondents.iter().flatten().for_each(Respondent::resume);
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.respondents.iter().flatten().map(|respondent| respondent.row(self.id()))
    }

    /// Says which hooks are left alone, and why.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = String> {
        self.respondents.iter().flatten().filter_map(Respondent::trouble)
    }

    /// Describes it, as if it had just been loaded.
    pub(crate) fn status(&self) -> PolicyStatus {
        let since = *self.since.lock();
        PolicyStatus {
            name: self.script.name(),
            version: self.script.version.clone(),
            since,
            path: Some(self.script.source.path.display().to_string()),
            hooks: self.script.hooks.iter().map(|hook| hook.name().to_owned()).collect(),
            loaded_at: since,
            ..PolicyStatus::default()
        }
    }
}
