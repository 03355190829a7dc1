//! What people who write policies use: checking, testing and trying them.
//!
//! Everything here returns a report, which is printed elsewhere. A gateway runs the tests of a
//! policy before it puts the policy in force, with the same code.

mod check;
mod constants;
mod cost;
mod coverage;
mod definitions;
mod examine;
mod explain;
mod finding;
mod fixture;
mod given;
mod lint;
mod missing;
mod near;
mod probe;
mod report;
mod sample;
mod scripts;
mod search;
mod stage;
mod starter;
mod suite;
mod words;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use throng_engine::policy::Native;
use throng_ports::policy::PolicyFault;

use crate::config::Config;
use crate::hook::Hook;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::source::fault_of;
use crate::time::SystemClock;

pub use check::{CheckReport, Checked};
pub use cost::HookCost;
pub use coverage::Coverage;
pub use explain::{Explanation, Line};
pub use finding::{Finding, Lint};
pub use given::{Given, GivenError, Scene};
pub use report::{ScriptTests, TestReport};
pub use scripts::ScriptsError;
pub use starter::{StarterError, starter};
pub use suite::{TestFailure, Tested};

use examine::Examination;
use stage::Witness;
use suite::Suite;

/// What `relay_capacity()` is while a policy is checked or tested, whatever a gateway is set to:
/// tests must not depend on where they run.
pub const RELAY_CAPACITY: usize = 15_000;

/// Checks, tests and tries policies, within the limits of some settings.
#[derive(Debug)]
pub struct Workshop {
    sandbox: Sandbox,
    config: Config,
}

impl Workshop {
    /// Makes a workshop with a library of its own, or the one of the settings.
    #[must_use]
    pub fn new(config: Config, library: Option<PathBuf>) -> Self {
        let native = Native { relay_capacity: RELAY_CAPACITY };
        let library = library.unwrap_or_else(|| config.library.clone());
        let sandbox = Sandbox::new(Arc::new(SystemClock::default()), native);
        Self { sandbox, config: Config { library, ..config } }
    }

    /// Checks scripts, and all those in folders.
    ///
    /// # Errors
    ///
    /// No script is meant.
    pub fn check(&self, paths: &[PathBuf]) -> Result<CheckReport, ScriptsError> {
        let scripts = scripts::find(paths)?;
        Ok(CheckReport { scripts: scripts.into_iter().map(|path| self.checked(path)).collect() })
    }

    fn checked(&self, path: PathBuf) -> Checked {
        match self.inspect(&path) {
            Ok(Examination { findings, costs, missed }) => {
                Checked { path, findings, costs, missed }
            }
            Err(fault) => {
                let findings = vec![Finding::of(&fault, Lint::Load, fault.message.as_str())];
                Checked { path, findings, costs: Vec::new(), missed: String::new() }
            }
        }
    }

    fn inspect(&self, path: &Path) -> Result<Examination, PolicyFault> {
        let config = &self.config;
        let script = Arc::new(Script::load(path, &self.sandbox, config)?);
        let is_module = scripts::is_module(path, &config.library_of(path));
        examine::examine(&script, &self.sandbox, config, is_module)
    }

    /// Runs the tests of scripts, and of all those in folders, whose names contain `filter`.
    ///
    /// # Errors
    ///
    /// No script is meant.
    pub fn test(
        &self,
        paths: &[PathBuf],
        filter: &str,
        coverage: bool,
    ) -> Result<TestReport, ScriptsError> {
        let scripts = scripts::find(paths)?;
        let notes = missing::orphans(&scripts);
        let test = |path| self.tested(path, filter, coverage);
        Ok(TestReport { scripts: scripts.into_iter().map(test).collect(), notes })
    }

    fn tested(&self, path: PathBuf, filter: &str, coverage: bool) -> ScriptTests {
        let (config, witness) = (&self.config, coverage.then(Witness::default));
        let is_module = scripts::is_module(&path, &config.library_of(&path));
        let run = || {
            let script = Script::load(&path, &self.sandbox, config)?;
            let (sandbox, witness) = (&self.sandbox, witness.as_ref());
            let suite =
                Suite { script: &script, sandbox, config, witness, deadline: Duration::MAX };
            let tested = suite.run(filter)?;
            let mut notes = Vec::new();
            if filter.is_empty() {
                notes.extend(missing::tests(&script.source.path, tested.len()));
            }
            if !is_module {
                notes.extend(script.must_decide().err().map(|fault| fault.message));
            }
            if config.tests_required
                && let Some(note) = notes.first()
            {
                return Err(fault_of(&path, note.as_str()));
            }
            let coverage =
                witness.map(|witness| examine::covered(&script, sandbox, witness)).transpose()?;
            // A module may be nothing but constants.
            let coverage = coverage.filter(|coverage| !is_module || coverage.lines > 0);
            Ok((tested, notes, coverage))
        };
        match run() {
            Ok((tested, notes, coverage)) => {
                ScriptTests { path, tested: Ok(tested), notes, coverage }
            }
            Err(fault) => {
                ScriptTests { path, tested: Err(fault), notes: Vec::new(), coverage: None }
            }
        }
    }

    /// Asks a hook of a script about facts, and tells how the answer came about.
    ///
    /// # Errors
    ///
    /// The script does not load.
    pub fn explain(
        &self,
        script: &Path,
        hook: Hook,
        scene: &Scene,
    ) -> Result<Explanation, PolicyFault> {
        let config = &self.config;
        let script = Arc::new(Script::load(script, &self.sandbox, config)?);
        explain::explain(&script, &self.sandbox, config, (hook, scene))
    }

    /// Writes definitions for editors into a folder, and returns the files.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub fn definitions(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        definitions::write(&self.sandbox, folder)
    }
}

/// Runs the tests that a loaded policy brings, and returns how many there are.
///
/// # Errors
///
/// One of them fails, or cannot be run, or the settings require tests and there are none.
pub(crate) fn verify(
    script: &Script,
    sandbox: &Sandbox,
    config: &Config,
) -> Result<usize, PolicyFault> {
    let sandbox = trial(sandbox);
    let deadline = sandbox.clock.elapsed().saturating_add(config.check_time());
    let suite = Suite { script, sandbox: &sandbox, config, witness: None, deadline };
    let tested = suite.run("")?;
    if let Some(fault) = tested.iter().find_map(Tested::fault) {
        return Err(fault);
    }
    let path = &script.source.path;
    let orphans = missing::orphans(std::slice::from_ref(path));
    orphans.iter().for_each(|note| tracing::warn!("tests of policies: {note}"));
    match missing::tests(path, tested.len()) {
        Some(note) if config.tests_required => {
            Err(fault_of(path, format!("{note} (policy.tests_required)")))
        }
        note => {
            note.iter().for_each(|note| tracing::warn!("{}: {note}", path.display()));
            Ok(tested.len())
        }
    }
}

/// Checks a policy before it is put in force, and returns how many questions it was asked.
///
/// # Errors
///
/// The check finds errors.
pub(crate) fn approve(
    script: &Arc<Script>,
    sandbox: &Sandbox,
    config: &Config,
) -> Result<u64, PolicyFault> {
    let examination = examine::examine(script, &trial(sandbox), config, false)?;
    match examination.fault(script) {
        Some(fault) => Err(fault),
        None => {
            examination.warn();
            Ok(examination.costs.iter().map(|cost| cost.asked).sum())
        }
    }
}

/// Returns a sandbox in which a policy is tried: the same wherever it is, and without a log.
fn trial(sandbox: &Sandbox) -> Sandbox {
    Sandbox::new(Arc::clone(&sandbox.clock), Native { relay_capacity: RELAY_CAPACITY }).muted()
}
