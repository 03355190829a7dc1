#![doc = include_str!("../README.md")]

mod check;
mod checker;
mod constants;
mod cost;
mod coverage;
mod definitions;
mod examine;
mod explain;
mod finding;
mod kind;
mod lint;
mod probe;
mod report;
mod sample;
mod scripts;
mod search;
mod starter;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use throng_engine::policy::Native;
use throng_plugin_policy_rhai::trial::stage::Witness;
use throng_plugin_policy_rhai::trial::suite::Suite;
use throng_plugin_policy_rhai::trial::{RELAY_CAPACITY, missing};
use throng_plugin_policy_rhai::{Config, Hook, Sandbox, Script, SystemClock, fault_of};
use throng_ports::policy::PolicyFault;

use examine::Examination;

pub use check::{CheckReport, Checked};
pub use checker::{Checker, open};
pub use cost::HookCost;
pub use coverage::Coverage;
pub use explain::{Explanation, Line};
pub use finding::{Finding, Lint};
pub use kind::Rhai;
pub use report::{ScriptTests, TestReport};
pub use scripts::ScriptsError;
pub use starter::{StarterError, starter};
pub use throng_plugin_policy_rhai::trial::given::{Given, GivenError, Scene};
pub use throng_plugin_policy_rhai::trial::suite::{TestFailure, Tested};

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
