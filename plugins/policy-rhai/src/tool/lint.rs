//! Mistakes that can be seen without running a script.

mod call;
mod draft;
mod fact;
mod flow;
mod name;
mod verdict;

use draft::Draft;
use throng_ports::policy::PolicyFault;

use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::tool::finding::Finding;

/// Looks for mistakes in a script that loads.
///
/// # Errors
///
/// It does not load after all.
pub(super) fn findings(
    script: &Script,
    sandbox: &Sandbox,
    is_module: bool,
) -> Result<Vec<Finding>, PolicyFault> {
    let draft = Draft::new(script, sandbox, is_module)?;
    let mut findings = fact::findings(&draft);
    let is_new = |finding: &Finding| findings.iter().all(|known| !known.is_at(finding));
    // Who asks a session for what it does not have gets to know what it has.
    let calls: Vec<_> = call::findings(&draft).into_iter().filter(is_new).collect();
    findings.extend(calls);
    findings.extend(name::findings(&draft));
    findings.extend(verdict::findings(&draft));
    findings.extend(flow::findings(&draft));
    Ok(findings)
}
