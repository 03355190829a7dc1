//! A script made ready to answer one hook, and what comes of asking it.

#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, Position, Scope};
use strum::{EnumCount, IntoStaticStr, VariantArray};
use throng_engine::policy::Native;
use throng_ports::policy::PolicyFault;
use throng_proto::time::Timestamp;
use throng_proto::variants::every;

use crate::api;
use crate::attempt::{self, Trace};
use crate::config::HookConfig;
use crate::hook::Hook;
use crate::question::Question;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::verdict::{Terms, Verdict, parse};

/// A hook of a script with an engine that keeps to its limits. Shared by all threads.
#[derive(Debug)]
pub struct Program {
    hook: Hook,
    script: Arc<Script>,
    sandbox: Sandbox,
    limits: HookConfig,
    engine: Engine,
    ast: AST,
}

/// What came of asking a hook.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it answered.
    pub verdict: Result<Verdict, Failure>,
    /// What it took, and which facts it read.
    pub trace: Trace,
}

/// Why a hook gave no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is.
    pub cause: Cause,
    /// Where and what.
    pub fault: PolicyFault,
}

/// What kind of failure it is, in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The script raised an error.
    Raised,
    /// It answered something that is no verdict.
    Verdict,
    /// A function that it called panicked.
    Panicked,
    /// It was stopped at a limit.
    Stopped(Limit),
}

/// Where scripts are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumCount, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Limit {
    /// Too many operations.
    Operations,
    /// Too slow.
    Wall,
    /// Too many calls inside of each other.
    CallDepth,
    /// A string, an array or a map is too large.
    Size,
    /// Too many variables.
    Variables,
    /// Too many modules.
    Modules,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; Self::COUNT] = every();

    /// Returns the word in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the settings of a hook that say where it is.
    #[must_use]
    pub const fn settings(self) -> &'static str {
        match self {
            Self::Operations => "operations_max",
            Self::Wall => "wall_millis_max",
            Self::CallDepth => "call_depth_max",
            Self::Size => "string_bytes_max, array_items_max or map_entries_max",
            Self::Variables => "variables_max",
            Self::Modules => "modules_max",
        }
    }
}

impl fmt::Display for Cause {
    /// Says what happened, and at which setting where it was stopped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised => f.write_str("it raised an error"),
            Self::Verdict => f.write_str("it answered what is no verdict"),
            Self::Panicked => f.write_str("a function panicked"),
            Self::Stopped(limit) => write!(f, "it was stopped at its limit {}", limit.settings()),
        }
    }
}

impl Program {
    /// Makes a hook of a script ready.
    ///
    /// # Errors
    ///
    /// The script is past the limits of the hook.
    pub fn new(
        script: &Arc<Script>,
        hook: Hook,
        sandbox: &Sandbox,
        limits: &HookConfig,
    ) -> Result<Self, PolicyFault> {
        let mut engine = sandbox.engine(limits);
        let ast = script.compile(&mut engine, sandbox, limits)?;
        let (script, sandbox) = (Arc::clone(script), sandbox.clone());
        Ok(Self { hook, script, sandbox, limits: *limits, engine, ast })
    }

    /// Asks the hook. Takes no lock, keeps nothing, and never panics.
    #[must_use]
    pub fn ask(&self, now: Timestamp, question: &Question<'_>) -> Outcome {
        let deadline = self.sandbox.deadline(&self.limits);
        let (answer, trace) = attempt::run(Some(now), deadline, || {
            panic::catch_unwind(AssertUnwindSafe(|| self.call(question)))
        });
        let verdict = match answer {
            Ok(Ok(answer)) => {
                let terms = Terms::of(question, &self.sandbox.native);
                parse(self.hook, answer, terms)
                    .map_err(|mistake| self.failure(Cause::Verdict, mistake.to_string()))
            }
            Ok(Err(error)) => Err(self.raised(*error)),
            Err(_) => Err(self.failure(Cause::Panicked, "a function panicked".to_owned())),
        };
        Outcome { verdict, trace }
    }

    fn call(&self, question: &Question<'_>) -> Result<Dynamic, Box<EvalAltResult>> {
        let options = CallFnOptions::new().eval_ast(true);
        let arguments = api::arguments(question);
        let (mut scope, name) = (Scope::new(), self.hook.name());
        self.engine.call_fn_with_options(options, &mut scope, &self.ast, name, arguments)
    }

    fn raised(&self, error: EvalAltResult) -> Failure {
        let cause = match error.unwrap_inner() {
            EvalAltResult::ErrorTooManyOperations(_) => Cause::Stopped(Limit::Operations),
            EvalAltResult::ErrorTerminated(..) => Cause::Stopped(Limit::Wall),
            EvalAltResult::ErrorStackOverflow(_) => Cause::Stopped(Limit::CallDepth),
            EvalAltResult::ErrorDataTooLarge(..) => Cause::Stopped(Limit::Size),
            EvalAltResult::ErrorTooManyVariables(_) => Cause::Stopped(Limit::Variables),
            EvalAltResult::ErrorTooManyModules(_) => Cause::Stopped(Limit::Modules),
            _ => Cause::Raised,
        };
        let mut error = error;
        if error.position().is_none() {
            error.set_position(self.position());
        }
        Failure { cause, fault: self.script.fault(error) }
    }

    fn failure(&self, cause: Cause, message: String) -> Failure {
        Failure { cause, fault: self.script.source.fault(self.position(), message) }
    }

    fn position(&self) -> Position {
        self.script.position(&self.ast, self.hook)
    }
}

impl<'a> Terms<'a> {
    /// Returns what the answer to a question may refer to.
    #[must_use]
    pub fn of(question: &Question<'a>, native: &Native) -> Self {
        let relays = match question {
            Question::Relay { relays, .. } => *relays,
            _ => &[],
        };
        Self { capacity: native.relay_capacity.max(1), relays }
    }
}
