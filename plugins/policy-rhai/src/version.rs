//! One version of a scripted policy: everything that is swapped as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use throng_ports::policy::{PolicyFault, PolicyStatus};
use throng_proto::time::Timestamp;

use crate::config::Config;
use crate::hook::Hook;
use crate::metrics::Row;
use crate::respondent::Respondent;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::verify::verify;

/// A script with its hooks, ready to be asked.
#[derive(Debug)]
pub(crate) struct Version {
    script: Arc<Script>,
    respondents: [Option<Respondent>; Hook::ALL.len()],
    since: Timestamp,
}

impl Version {
    /// Reads the script that the settings name, makes its hooks ready, and runs its tests.
    pub(crate) fn load(config: &Config, sandbox: &Sandbox) -> Result<Self, PolicyFault> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let script = Arc::new(Script::load(&config.path, sandbox, config)?);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let mut respondents = [const { None }; Hook::ALL.len()];
        for hook in script.hooks.iter().copied() {
            let respondent = Respondent::new(&script, hook, sandbox, config, serial)?;
            respondents[hook as usize] = Some(respondent);
        }
        verify(&script, sandbox, config)?;
        Ok(Self { script, respondents, since: sandbox.clock.now() })
    }

    pub(crate) fn respondent(&self, hook: Hook) -> Option<&Respondent> {
        self.respondents[hook as usize].as_ref()
    }

    /// Tells whether another version is the same script.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id() == other.id() && self.script.source.path == other.script.source.path
    }

    pub(crate) fn id(&self) -> &str {
        &self.script.version
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.respondents.iter().flatten().map(|respondent| respondent.row(self.id()))
    }

    /// Describes it, as if it had just been loaded.
    pub(crate) fn status(&self) -> PolicyStatus {
        PolicyStatus {
            name: self.script.name(),
            version: self.script.version.clone(),
            since: self.since,
            path: Some(self.script.source.path.display().to_string()),
            hooks: self.script.hooks.iter().map(|hook| hook.name().to_owned()).collect(),
            loaded_at: self.since,
            fault: None,
        }
    }
}
