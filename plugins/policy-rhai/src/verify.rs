//! The policy's own tests, which every load must pass.

use throng_ports::policy::PolicyFault;

use crate::config::Config;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::tool;

/// Runs the tests that a policy brings: its fixtures and its `test_*` functions.
///
/// # Errors
///
/// One of them fails.
pub(crate) fn verify(
    script: &Script,
    sandbox: &Sandbox,
    config: &Config,
) -> Result<(), PolicyFault> {
    tool::verify(script, sandbox, config)
}
