//! The check as the inspector of a gateway.

use std::sync::Arc;

use throng_engine::policy::Native;
use throng_plugin_policy_rhai::trial::{self, Inspector};
use throng_plugin_policy_rhai::{Config, Means, RhaiPolicy, Sandbox, Script};
use throng_ports::policy::PolicyFault;

use crate::examine;

/// Refuses what a check finds errors in, and writes its warnings to the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checker;

impl Inspector for Checker {
    fn inspect(
        &self,
        script: &Arc<Script>,
        sandbox: &Sandbox,
        config: &Config,
    ) -> Result<u64, PolicyFault> {
        let examination = examine::examine(script, &trial::sandbox(sandbox), config, false)?;
        match examination.fault(script) {
            Some(fault) => Err(fault),
            None => {
                examination.warn();
                Ok(examination.costs.iter().map(|cost| cost.asked).sum())
            }
        }
    }
}

/// Loads the policy that the settings name, and checks every version of it where they require
/// that. Blocks on files.
///
/// # Errors
///
/// The policy is broken, or the check finds errors.
pub fn open(config: Config, native: Native) -> Result<RhaiPolicy, PolicyFault> {
    let means = Means { inspector: Some(Arc::new(Checker)), ..Means::default() };
    RhaiPolicy::open_with(config, native, means)
}
