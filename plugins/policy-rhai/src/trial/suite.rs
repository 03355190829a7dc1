//! The tests that a policy brings: the cases beside it, and its functions `test_*`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use throng_ports::policy::PolicyFault;

use super::fixture::{self, Broken, Case};
use super::given::NOON;
use super::stage::{Stage, Witness};
use super::words;
use crate::config::{Config, HookConfig};
use crate::hook::Hook;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::source::{Source, fault_of};
use crate::verdict::Terms;

/// Operations of one function that tests a policy: it asks hooks many times.
const TEST_OPERATIONS_MAX: u64 = 1_000_000;

/// A script with what its tests need.
#[derive(Clone, Copy, Debug)]
pub struct Suite<'a> {
    /// The script.
    pub script: &'a Script,
    /// In which it runs.
    pub sandbox: &'a Sandbox,
    /// Its settings.
    pub config: &'a Config,
    /// Sees what runs.
    pub witness: Option<&'a Witness>,
    /// By when all tests must have run, on the clock of the sandbox.
    pub deadline: Duration,
}

/// A test that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Name: that of a case, or of a function.
    pub name: String,
    /// File in which it is written.
    pub file: PathBuf,
    /// Line at which it begins.
    pub line: usize,
    /// Why it failed; `None` when it did not.
    pub failure: Option<TestFailure>,
}

/// Why a test failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestFailure {
    /// A hook answered otherwise than a case expects.
    Differs {
        /// The hook.
        hook: Hook,
        /// Facts that the case names.
        facts: Vec<String>,
        /// The verdict that is right.
        expected: String,
        /// The verdict that came.
        got: String,
    },
    /// Something failed while it ran.
    Fails(PolicyFault),
}

impl<'a> Suite<'a> {
    /// Runs the tests whose names contain `filter`.
    ///
    /// # Errors
    ///
    /// The cases cannot be read, or the script is past the limits.
    pub fn run(&self, filter: &str) -> Result<Vec<Tested>, PolicyFault> {
        let mut tested = self.cases(filter)?;
        tested.extend(self.functions(filter)?);
        Ok(tested)
    }

    fn cases(&self, filter: &str) -> Result<Vec<Tested>, PolicyFault> {
        let path = fixture::path(&self.script.source.path);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let source = Source::read(&path, self.config.script_bytes_max)
            .map_err(|error| fault_of(&path, error.to_string()))?;
        let cases = fixture::read(&source)?;
        let mut stages = BTreeMap::new();
        let mut tested = Vec::new();
        for case in cases {
            let case = match case {
                Ok(case) => case,
                // What is wrong with one keeps the others from nothing.
                Err(broken) => {
                    tested.extend(self.broken(&source, broken, filter));
                    continue;
                }
            };
            if !case.name.contains(filter) {
                continue;
            }
            let stage = match stages.entry(case.hook) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.stage(self.config.hooks.of(case.hook))?),
            };
            let failure = self.ask(&source, &case, stage);
            let file = source.path.clone();
            tested.push(Tested { name: case.name, file, line: case.line, failure });
        }
        Ok(tested)
    }

    fn broken(&self, source: &Source, broken: Broken, filter: &str) -> Option<Tested> {
        let Broken { name, line, fault } = broken;
        let failure = Some(TestFailure::Fails(fault));
        let file = source.path.clone();
        name.contains(filter).then_some(Tested { name, file, line, failure })
    }

    fn ask(&self, source: &Source, case: &Case, stage: &Stage<'_>) -> Option<TestFailure> {
        let now = case.scene.now;
        let judged = case.scene.put(case.hook, |question| {
            let verdict = if self.script.hooks.contains(&case.hook) {
                stage.ask(now, question).0?
            } else {
                question.put(&self.sandbox.native, now)
            };
            let terms = Terms::of(question, &self.sandbox.native);
            Ok((case.judge(source, terms, &verdict)?, verdict))
        });
        match judged {
            Ok((None, _)) => None,
            Ok((Some(expected), got)) => Some(TestFailure::Differs {
                hook: case.hook,
                facts: case.facts.clone(),
                expected: words::of_verdict(&expected),
                got: words::of_verdict(&got),
            }),
            Err(fault) => Some(TestFailure::Fails(fault)),
        }
    }

    fn functions(&self, filter: &str) -> Result<Vec<Tested>, PolicyFault> {
        let usual = self.config.widest();
        let stage = self.stage(&HookConfig {
            operations_max: TEST_OPERATIONS_MAX,
            // A test calls what a gateway calls.
            call_depth_max: usual.call_depth_max + 1,
            ..usual
        })?;
        let functions = stage.tests().into_iter().filter(|(name, _)| name.contains(filter));
        Ok(functions
            .map(|(name, line)| Tested {
                failure: stage.call(NOON, &name).err().map(TestFailure::Fails),
                name,
                file: self.script.source.path.clone(),
                line,
            })
            .collect())
    }

    fn stage(&self, limits: &HookConfig) -> Result<Stage<'a>, PolicyFault> {
        let stage = Stage::new(self.script, self.sandbox, limits, self.witness)?;
        Ok(stage.until(self.deadline))
    }
}

impl Tested {
    /// Describes the failure for a gateway that will not load the policy.
    pub fn fault(&self) -> Option<PolicyFault> {
        let message = match self.failure.as_ref()? {
            TestFailure::Differs { expected, got, .. } => {
                format!("the test \"{}\" fails: expected {expected}, got {got}", self.name)
            }
            TestFailure::Fails(fault) => {
                format!("the test \"{}\" fails: {}", self.name, fault.message)
            }
        };
        let (file, line) = (self.file.display().to_string(), self.line);
        let report = format!("{file}:{line}: {message}");
        Some(PolicyFault { file, line, column: 0, message, report })
    }
}

impl fmt::Display for Tested {
    /// Describes a failure for a person; says nothing of a test that did not fail.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(failure) = &self.failure else { return Ok(()) };
        writeln!(f, "  {} ({}:{})", self.name, self.file.display(), self.line)?;
        match failure {
            TestFailure::Differs { hook, facts, expected, got } => {
                writeln!(f, "    hook      {hook}")?;
                for (index, fact) in facts.iter().enumerate() {
                    writeln!(f, "    {:9} {fact}", if index == 0 { "facts" } else { "" })?;
                }
                writeln!(f, "    expected  {expected}")?;
                writeln!(f, "    got       {got}")
            }
            TestFailure::Fails(fault) => {
                fault.report.lines().try_for_each(|line| writeln!(f, "    {line}"))
            }
        }
    }
}
