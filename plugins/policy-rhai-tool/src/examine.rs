//! Everything that a check of one script looks at: what is written, and what its hooks answer.

use std::sync::Arc;

use throng_plugin_policy_rhai::trial::stage::{Stage, Witness};
use throng_plugin_policy_rhai::{Config, HookConfig, Sandbox, Script};
use throng_ports::policy::PolicyFault;

use super::cost::{self, HookCost, Inquiry};
use super::coverage::Coverage;
use super::finding::{Finding, Lint};
use super::lint::{self, Reading};

/// Findings that a refusal shows, and warnings that a load writes to the log.
const SHOWN_MAX: usize = 10;

/// What a check of one script found.
#[derive(Debug)]
pub(super) struct Examination {
    /// In the order of the places.
    pub(super) findings: Vec<Finding>,
    /// What each hook takes.
    pub(super) costs: Vec<HookCost>,
    /// Lines that no question reached; empty when all were.
    pub(super) missed: String,
}

/// Reads a script for mistakes and asks its hooks, within the time that the settings give.
///
/// # Errors
///
/// The script is past the limits of a hook.
pub(super) fn examine(
    script: &Arc<Script>,
    sandbox: &Sandbox,
    config: &Config,
    is_module: bool,
) -> Result<Examination, PolicyFault> {
    let deadline = sandbox.clock.elapsed().saturating_add(config.check_time());
    let Reading { mut findings, constants } = lint::read(script, sandbox, is_module)?;
    if let Some(fault) = script.must_decide().err().filter(|_| !is_module) {
        findings.push(Finding::of(&fault, Lint::NoHook, fault.message.as_str()));
    }
    let witness = &Witness::default();
    let inquiry = Inquiry { witness, constants: &constants, deadline };
    let mut costs = Vec::new();
    for hook in script.hooks.iter().copied() {
        let (cost, found) = cost::measure((script, hook), sandbox, config, inquiry)?;
        costs.push(cost);
        // What is wrong where it is written fails as well.
        let news = found.into_iter().filter(|found| !found.is_within(&findings, hook));
        let news: Vec<_> = news.collect();
        findings.extend(news);
    }
    findings.sort_by_key(|finding| (finding.line, finding.column, finding.lint));
    let missed = match costs.is_empty() {
        true => String::new(),
        false => covered(script, sandbox, witness)?.missed(),
    };
    Ok(Examination { findings, costs, missed })
}

/// Compares what a script consists of with what somebody saw running.
///
/// # Errors
///
/// The script is past the usual limits.
pub(super) fn covered(
    script: &Script,
    sandbox: &Sandbox,
    witness: &Witness,
) -> Result<Coverage, PolicyFault> {
    let limits = HookConfig::default();
    // Compiled for one who watches, so that places are those that were watched.
    let stage = Stage::new(script, sandbox, &limits, Some(&Witness::default()))?;
    let ran = witness.places(&script.source.path.display().to_string());
    Ok(Coverage::of(stage.ast(), &ran))
}

impl Examination {
    /// Says why the policy must not run: its first error, and a report of all.
    pub(super) fn fault(&self, script: &Script) -> Option<PolicyFault> {
        let errors = || self.findings.iter().filter(|finding| finding.lint.is_error());
        let first = errors().next()?;
        let report: String = errors().take(SHOWN_MAX).map(ToString::to_string).collect();
        let message = match errors().count() {
            1 => first.message.clone(),
            more => format!("{}, and {} errors more", first.message, more - 1),
        };
        let (file, line, column) =
            (script.source.path.display().to_string(), first.line, first.column);
        Some(PolicyFault { file, line, column, message, report: report.trim_end().to_owned() })
    }

    /// Writes to the log what does not keep a policy from running.
    pub(super) fn warn(&self) {
        for finding in self.findings.iter().take(SHOWN_MAX) {
            tracing::warn!("{finding}");
        }
        if let Some(more) = self.findings.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
            tracing::warn!("a check of the policy finds {more} more");
        }
    }
}
