//! What a hook takes, measured over a spread of facts on the engine that a gateway runs.

use std::sync::Arc;
use std::time::Duration;

use throng_ports::policy::PolicyFault;
use throng_proto::time::Timestamp;

use super::finding::{Finding, Lint, head};
use super::sample;
use super::words;
use crate::attempt::Trace;
use crate::config::{Config, HookConfig};
use crate::hook::Hook;
use crate::program::{Cause, Failure, Program};
use crate::question::Question;
use crate::sandbox::Sandbox;
use crate::script::Script;

/// Milliseconds that a run may take here: how loaded this machine is says nothing of a policy.
pub(super) const WALL_MILLIS: u64 = 60_000;
/// Runs up to the limit after which a hook is asked nothing more: what it does is known by then.
const RUNS_AT_LIMIT_MAX: u64 = 256;

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

/// Asks a hook about every sample until a deadline or until it has failed often; what fails is
/// found, each failure once.
///
/// # Errors
///
/// The script is past the limits of the hook.
pub(super) fn measure(
    (script, hook): (&Arc<Script>, Hook),
    sandbox: &Sandbox,
    config: &Config,
    deadline: Duration,
) -> Result<(HookCost, Vec<Finding>), PolicyFault> {
    let limits = HookConfig { wall_millis_max: WALL_MILLIS, ..*config.hooks.of(hook) };
    let program = Program::new(script, hook, sandbox, &limits)?;
    let limit = limits.operations_max;
    let mut cost = HookCost { hook, asked: 0, mean: 0, most: 0, limit };
    let (mut total, mut findings) = (0, Vec::new());
    let scenes = sample::scenes(hook);
    for scene in &scenes {
        if sandbox.clock.elapsed() >= deadline {
            findings.extend(unfinished(script, &cost, scenes.len()));
            break;
        }
        if total >= limit.saturating_mul(RUNS_AT_LIMIT_MAX) {
            break;
        }
        scene.put(hook, |question| {
            let outcome = program.ask(scene.now, question);
            cost.asked += 1;
            total += outcome.trace.operations;
            cost.most = cost.most.max(outcome.trace.operations);
            if let Err(failure) = outcome.verdict {
                let facts = facts(question, scene.now, &outcome.trace);
                note(&mut findings, failed(hook, &failure), &facts);
            }
        });
    }
    cost.mean = total.checked_div(cost.asked).unwrap_or(0);
    findings.extend(costly(script, &cost));
    Ok((cost, findings))
}

fn failed(hook: Hook, Failure { cause, fault }: &Failure) -> Finding {
    let (hook, message) = (hook.name(), &fault.message);
    match cause {
        Cause::Verdict => Finding::of(
            fault,
            Lint::UnknownVerdict,
            format!("`{hook}` cannot answer this: {message}"),
        ),
        _ => Finding::of(fault, Lint::Fails, format!("`{hook}` fails: {message}")),
    }
}

/// Keeps the first of each failure, with the facts that lead to it.
fn note(findings: &mut Vec<Finding>, finding: Finding, facts: &str) {
    let same = |known: &Finding| {
        (known.line, known.column, &known.message)
            == (finding.line, finding.column, &finding.message)
    };
    if !findings.iter().any(same) {
        findings.push(finding.advise(facts));
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

/// Tells that there was no time to ask everything.
fn unfinished(script: &Script, cost: &HookCost, scenes: usize) -> Option<Finding> {
    let HookCost { hook, asked, .. } = cost;
    let all = u64::try_from(scenes).unwrap_or(u64::MAX);
    (*asked < all).then(|| {
        let name = hook.name();
        let message = format!("`{name}` was asked {asked} questions of {all} before time ran out");
        let finding =
            Finding::at(&script.source, head(&script.source, name), Lint::Costly, message);
        finding.advise("do less, or raise `policy.check_seconds_max`")
    })
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
