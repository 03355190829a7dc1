//! An engine on which a policy is tried out: what it runs is watched, and tests find more on it
//! than hooks do.

mod props;
mod witness;

use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use rhai::{AST, CallFnOptions, Dynamic, EvalAltResult, Position, Scope};
use throng_ports::policy::PolicyFault;
use throng_proto::time::Timestamp;

use crate::api;
use crate::attempt::{self, Trace};
use crate::config::HookConfig;
use crate::question::Question;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::verdict::{Terms, Verdict, parse};

pub use props::PROPS;
pub use witness::Witness;

/// A script on such an engine.
#[derive(Debug)]
pub struct Stage<'a> {
    script: &'a Script,
    sandbox: &'a Sandbox,
    engine: rhai::Engine,
    ast: AST,
    /// By when each run must end: whoever waits here can wait, unless they say otherwise.
    deadline: Duration,
}

impl<'a> Stage<'a> {
    /// Sets a script up; who watches sees each step.
    ///
    /// # Errors
    ///
    /// The script is past the limits.
    pub fn new(
        script: &'a Script,
        sandbox: &'a Sandbox,
        limits: &HookConfig,
        witness: Option<&Witness>,
    ) -> Result<Self, PolicyFault> {
        let mut engine = sandbox.engine(limits);
        props::register(&mut engine);
        if let Some(witness) = witness {
            witness.attach(&mut engine);
        }
        let ast = script.compile(&mut engine, sandbox, limits)?;
        Ok(Self { script, sandbox, engine, ast, deadline: Duration::MAX })
    }

    /// Ends every run by a time on the clock of the sandbox.
    pub fn until(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Returns what the script compiled to.
    pub const fn ast(&self) -> &AST {
        &self.ast
    }

    /// Lists the functions that test the policy, each with its line.
    pub fn tests(&self) -> Vec<(String, usize)> {
        let functions = self.ast.shared_lib().iter_script_fn_info();
        let tests =
            functions.filter(|(_, _, name, count, _)| name.starts_with("test_") && *count == 0);
        let mut tests: Vec<_> = tests
            .map(|(_, _, name, _, one)| {
                (name.to_owned(), one.body.start_position().line().unwrap_or(0))
            })
            .collect();
        tests.sort_by_key(|(_, line)| *line);
        tests
    }

    /// Asks a hook, as a gateway does.
    pub fn ask(
        &self,
        now: Timestamp,
        question: &Question<'_>,
    ) -> (Result<Verdict, PolicyFault>, Trace) {
        let hook = question.hook();
        let (answer, trace) = self.run(now, hook.name(), || api::arguments(question));
        let place = self.script.position(&self.ast, hook);
        let verdict = answer.and_then(|answer| {
            parse(hook, answer, Terms::of(question, &self.sandbox.native))
                .map_err(|mistake| self.script.source.fault(place, mistake.to_string()))
        });
        (verdict, trace)
    }

    /// Calls a function of the script that takes nothing.
    pub fn call(&self, now: Timestamp, name: &str) -> Result<(), PolicyFault> {
        self.run(now, name, Vec::new).0.map(|_| ())
    }

    fn run(
        &self,
        now: Timestamp,
        name: &str,
        arguments: impl FnOnce() -> Vec<Dynamic>,
    ) -> (Result<Dynamic, PolicyFault>, Trace) {
        let call = || {
            let options = CallFnOptions::new().eval_ast(true);
            let (mut scope, arguments) = (Scope::new(), arguments());
            self.engine.call_fn_with_options(options, &mut scope, &self.ast, name, arguments)
        };
        let (answer, trace) =
            attempt::run(Some(now), self.deadline, || panic::catch_unwind(AssertUnwindSafe(call)));
        let answer = answer.unwrap_or_else(|_| {
            let panicked = "a function panicked".into();
            Err(EvalAltResult::ErrorRuntime(panicked, Position::NONE).into())
        });
        (answer.map_err(|error| self.script.fault(*error)), trace)
    }
}
