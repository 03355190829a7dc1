//! One hook of one version: its program, and what stands around it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use throng_ports::policy::PolicyFault;
use throng_proto::time::Timestamp;

use crate::breaker::Breaker;
use crate::cache::{Shapes, Verdicts};
use crate::config::{Config, OnFailure};
use crate::failure::{Memory, stand_in};
use crate::hook::Hook;
use crate::log::Level;
use crate::metrics::{Counters, Row};
use crate::program::{Failure, Outcome, Program};
use crate::question::Question;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::stripe::{STRIPES, stripe};
use crate::trial::Inspector;
use crate::verdict::Verdict;

/// Answers the questions of one hook: from the cache, by its script, or in its place.
#[derive(Debug)]
pub(crate) struct Respondent {
    hook: Hook,
    /// Copies, because threads that share one write to the same reference counts.
    programs: Box<[Program]>,
    on_failure: OnFailure,
    breaker: Breaker,
    shapes: Shapes,
    counters: Counters,
    /// Why it was left alone the last time.
    last_failure: Mutex<String>,
}

/// What came of a question.
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    /// Tells that with this failure the hook is left alone, and why.
    pub(crate) gave_up: Option<String>,
}

/// What all hooks and versions have in common.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) sandbox: Sandbox,
    pub(crate) verdicts: Verdicts,
    pub(crate) memory: Memory,
    pub(crate) inspector: Option<Arc<dyn Inspector>>,
}

impl Respondent {
    /// Makes a hook ready; `serial` differs for every version.
    pub(crate) fn new(
        script: &Arc<Script>,
        hook: Hook,
        sandbox: &Sandbox,
        config: &Config,
        serial: u64,
    ) -> Result<Self, PolicyFault> {
        let settings = config.hooks.of(hook);
        let program = |_| Program::new(script, hook, sandbox, settings);
        let programs = (0..copies()).map(program).collect::<Result<_, _>>();
        Ok(Self {
            hook,
            programs: programs?,
            on_failure: settings.on_failure,
            breaker: Breaker::new(config.failures_max, config.pause()),
            shapes: Shapes::new(serial * Hook::ALL.len() as u64 + hook as u64),
            counters: Counters::default(),
            last_failure: Mutex::default(),
        })
    }

    pub(crate) fn answer(
        &self,
        now: Timestamp,
        question: &Question<'_>,
        around: &Surroundings,
    ) -> Answer {
        let settled = |verdict| Answer { verdict, gave_up: None };
        let known = question.known(now);
        if let Some(verdict) = around.verdicts.find(&self.shapes, &known) {
            self.counters.hit(&verdict);
            self.remember(question, &verdict, around);
            return settled(verdict);
        }
        let begin = around.sandbox.clock.elapsed();
        if !self.breaker.permits(begin) {
            self.counters.skip();
            return settled(self.stand_in(now, question, around));
        }
        let program = &self.programs[stripe() % self.programs.len()];
        let Outcome { verdict, trace } = program.ask(now, question);
        let end = around.sandbox.clock.elapsed();
        self.counters.run(trace.operations, end.saturating_sub(begin));
        match verdict {
            Ok(verdict) => {
                self.breaker.succeed();
                self.counters.answer(&verdict);
                around.verdicts.keep(&self.shapes, &trace.reads, &known, &verdict);
                self.remember(question, &verdict, around);
                settled(verdict)
            }
            Err(failure) => {
                let gave_up = self.fail(&failure, end, around);
                Answer { verdict: self.stand_in(now, question, around), gave_up }
            }
        }
    }

    pub(crate) fn row<'a>(&'a self, version: &'a str) -> Row<'a> {
        let open = self.breaker.is_open();
        Row { hook: self.hook, version, counters: &self.counters, open }
    }

    fn remember(&self, question: &Question<'_>, verdict: &Verdict, around: &Surroundings) {
        if self.on_failure == OnFailure::LastGood {
            around.memory.remember(question, verdict);
        }
    }

    /// Notes a failure; says why, when the hook is left alone from now on.
    fn fail(&self, failure: &Failure, end: Duration, around: &Surroundings) -> Option<String> {
        self.counters.fail(failure.cause);
        let Failure { cause, fault } = failure;
        let hook = self.hook.name();
        let text = format!("the hook `{hook}` failed: {cause}: {}", fault.report);
        around.sandbox.log.write(Level::Warn, &fault.file, fault.line, &text);
        self.breaker.fail(end).then(|| {
            let why = format!("{cause}: {}:{}: {}", fault.file, fault.line, fault.message);
            self.last_failure.lock().clone_from(&why);
            why
        })
    }

    /// Says that the hook is left alone, and why; `None` while it works.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.breaker.is_open().then(|| {
            let (hook, why) = (self.hook.name(), self.last_failure.lock());
            format!("the hook `{hook}` fails and is left alone: {why}")
        })
    }

    /// Tries the hook again at once.
    pub(crate) fn resume(&self) {
        self.breaker.close();
    }

    fn stand_in(&self, now: Timestamp, question: &Question<'_>, around: &Surroundings) -> Verdict {
        stand_in(self.on_failure, question, &around.sandbox.native, &around.memory, now)
    }
}

/// Returns how many copies of a program there are: some to spare, so that threads that ask much
/// hardly ever meet.
fn copies() -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (2 * cores).min(STRIPES)
}
