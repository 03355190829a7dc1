//! Mistakes that can be seen without running a script.

mod call;
mod draft;
mod fact;
mod flow;
mod name;
mod verdict;

use rhai::Position;
use throng_plugin_policy_rhai::{Sandbox, Script};
use throng_ports::policy::PolicyFault;

use crate::constants::{self, Constants, Place, Values};
use crate::finding::Finding;

use draft::Draft;
use fact::Compared;

/// What is seen in a script without running it.
pub(super) struct Reading {
    /// Mistakes.
    pub(super) findings: Vec<Finding>,
    /// What it is written with, but for its tests.
    pub(super) constants: Constants,
}

/// Looks for mistakes in a script that loads, and for what it decides by.
///
/// # Errors
///
/// It does not load after all.
pub(super) fn read(
    script: &Script,
    sandbox: &Sandbox,
    is_module: bool,
) -> Result<Reading, PolicyFault> {
    let draft = Draft::new(script, sandbox, is_module)?;
    let (mut findings, compared) = fact::findings(&draft);
    let is_new = |finding: &Finding| findings.iter().all(|known| !known.is_at(finding));
    // Who asks a session for what it does not have gets to know what it has.
    let calls: Vec<_> = call::findings(&draft).into_iter().filter(is_new).collect();
    findings.extend(calls);
    findings.extend(name::findings(&draft));
    findings.extend(verdict::findings(&draft));
    findings.extend(flow::findings(&draft));
    Ok(Reading { findings, constants: constants(script, &draft, compared) })
}

/// Gathers the constants of a script and its modules.
fn constants(script: &Script, draft: &Draft<'_>, compared: Compared) -> Constants {
    let Compared { values, places } = compared;
    let tests: Vec<_> = draft.functions.iter().filter(|one| one.is_test()).collect();
    let is_known = |(line, column): Place| {
        let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let place = Position::new(number(line), number(column));
        places.contains(&(line, column))
            || tests.iter().any(|test| test.span.0 <= place && place <= test.span.1)
    };
    let mut others = Values::default();
    constants::read(&script.source.text, is_known, &mut others);
    for module in script.modules().values() {
        constants::read(&module.text, |_| false, &mut others);
    }
    Constants { compared: values, others }
}
