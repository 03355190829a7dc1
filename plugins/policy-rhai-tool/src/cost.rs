//! What a hook takes, measured over a spread of facts on the engine that a gateway runs.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use throng_plugin_policy_rhai::attempt::Trace;
use throng_plugin_policy_rhai::fact::Read;
use throng_plugin_policy_rhai::trial::stage::{Stage, Witness};
use throng_plugin_policy_rhai::trial::words;
use throng_plugin_policy_rhai::verdict::Verdict;
use throng_plugin_policy_rhai::{
    Cause, Clock, Config, Failure, Hook, HookConfig, Outcome, Program, Question, Sandbox, Script,
};
use throng_ports::policy::PolicyFault;
use throng_proto::time::Timestamp;

use super::constants::Constants;
use super::finding::{Finding, Lint, head};
use super::search::Search;

/// Milliseconds that a run may take here: how loaded this machine is says nothing of a policy.
pub(super) const WALL_MILLIS: u64 = 60_000;
/// Runs up to the limit after which a hook is asked nothing more: what it does is known by then.
const RUNS_AT_LIMIT_MAX: u64 = 64;

/// Different failures of a hook that are told.
const FINDINGS_MAX: usize = 16;

/// What a hook takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookCost {
    /// Which.
    pub hook: Hook,
    /// Times that it was asked.
    pub asked: u64,
    /// Operations, on average.
    pub mean: u64,
    /// Operations, at most.
    pub most: u64,
    /// Operations that it may take.
    pub limit: u64,
}

impl HookCost {
    /// Returns the most operations as percent of the limit, rounded up.
    #[must_use]
    pub const fn percent(&self) -> u64 {
        (self.most * 100).div_ceil(self.limit)
    }
}

/// What a hook is asked with.
#[derive(Clone, Copy)]
pub(super) struct Inquiry<'a> {
    /// Sees which places are reached.
    pub(super) witness: &'a Witness,
    pub(super) constants: &'a Constants,
    /// When to stop, on the clock of the sandbox.
    pub(super) deadline: Duration,
}

/// Asks a hook about many scenes; what fails is found, each failure once.
///
/// # Errors
///
/// The script is past the limits of the hook.
pub(super) fn measure(
    (script, hook): (&Arc<Script>, Hook),
    sandbox: &Sandbox,
    config: &Config,
    inquiry: Inquiry<'_>,
) -> Result<(HookCost, Vec<Finding>), PolicyFault> {
    let Inquiry { witness, constants, deadline } = inquiry;
    let limits = HookConfig { wall_millis_max: WALL_MILLIS, ..*config.hooks.of(hook) };
    let program = &Program::new(script, hook, sandbox, &limits)?;
    let stage = &Stage::new(script, sandbox, &limits, Some(witness))?.until(deadline);
    let mut tally = Tally::new(hook, limits.operations_max, sandbox);
    Search { hook, program, stage, witness, constants, deadline }.run(&mut tally);
    let Tally { mut cost, total, mut findings, out_of_time, .. } = tally;
    cost.mean = total.checked_div(cost.asked).unwrap_or(0);
    findings.extend(costly(script, &cost));
    if out_of_time {
        findings.push(unfinished(script, &cost));
    }
    Ok((cost, findings))
}

/// What came of the questions until now.
pub(super) struct Tally {
    cost: HookCost,
    total: u64,
    findings: Vec<Finding>,
    out_of_time: bool,
    /// Operations, facts that were read, and which kind of verdict there was.
    ways: HashSet<(u64, Vec<Read>, usize)>,
    clock: Arc<dyn Clock>,
}

impl Tally {
    fn new(hook: Hook, limit: u64, sandbox: &Sandbox) -> Self {
        let cost = HookCost { hook, asked: 0, mean: 0, most: 0, limit };
        let clock = Arc::clone(&sandbox.clock);
        Self {
            cost,
            total: 0,
            findings: Vec::new(),
            out_of_time: false,
            ways: HashSet::new(),
            clock,
        }
    }

    /// Tells whether there is no time or no need to ask more.
    pub(super) fn is_full(&mut self, deadline: Duration) -> bool {
        self.out_of_time |= self.clock.elapsed() >= deadline;
        self.out_of_time || self.total >= self.cost.limit.saturating_mul(RUNS_AT_LIMIT_MAX)
    }

    /// Notes what came of a question, and tells whether it came about in a new way.
    pub(super) fn note(
        &mut self,
        outcome: Outcome,
        question: &Question<'_>,
        now: Timestamp,
    ) -> bool {
        let Outcome { verdict, trace } = outcome;
        let end = verdict.as_ref().map_or(usize::MAX, Verdict::index);
        let is_new = self.ways.insert((trace.operations, trace.reads.as_slice().to_vec(), end));
        self.cost.asked += 1;
        self.total += trace.operations;
        self.cost.most = self.cost.most.max(trace.operations);
        if let Err(failure) = verdict {
            let facts = || facts(question, now, &trace);
            note(&mut self.findings, question.hook(), &failure, facts);
        }
        is_new
    }
}

/// Keeps the first of each failure, with the facts that lead to it.
fn note(findings: &mut Vec<Finding>, hook: Hook, failure: &Failure, facts: impl Fn() -> String) {
    let Failure { cause, fault } = failure;
    let (name, message) = (hook.name(), &fault.message);
    let (lint, message) = match cause {
        Cause::Verdict => (Lint::UnknownVerdict, format!("`{name}` cannot answer this: {message}")),
        _ => (Lint::Fails, format!("`{name}` fails: {message}")),
    };
    let place = (fault.line, fault.column);
    let same = |known: &Finding| (known.line, known.column) == place && known.message == message;
    // Messages may differ with every question.
    if findings.len() < FINDINGS_MAX && !findings.iter().any(same) {
        findings.push(Finding::of(fault, lint, message).advise(facts()));
    }
}

/// Warns of a hook that takes more than half of what it may.
fn costly(script: &Script, cost: &HookCost) -> Option<Finding> {
    let HookCost { hook, most, limit, .. } = cost;
    // One that is stopped at its limit fails, which is worse.
    (most * 2 > *limit && most < limit).then(|| {
        let message = format!("`{}` takes up to {most} operations of {limit}", hook.name());
        let place = head(&script.source, hook.name());
        let finding = Finding::at(&script.source, place, Lint::Costly, message);
        finding.advise("do less: facts may be worse than those of this check")
    })
}

/// Tells that there was no time to ask more.
fn unfinished(script: &Script, HookCost { hook, asked, .. }: &HookCost) -> Finding {
    let name = hook.name();
    let message = format!("`{name}` was asked {asked} questions before time ran out");
    let finding = Finding::at(&script.source, head(&script.source, name), Lint::Costly, message);
    finding.advise("do less, or raise `policy.check_seconds_max`")
}

/// Writes the facts that a run read.
fn facts(question: &Question<'_>, now: Timestamp, trace: &Trace) -> String {
    let facts: Vec<_> = words::of_reads(question, now, trace)
        .into_iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    match facts.is_empty() {
        true => "whatever the facts are".to_owned(),
        false => format!("for example when {}", facts.join(", ")),
    }
}
