//! Trying a policy: facts that people wrote down, and the tests that a policy brings.
//!
//! A gateway runs the tests of a policy before it puts the policy in force; those who write
//! policies run them with the same code, in `policy-rhai-tool`.

mod fixture;
pub mod given;
pub mod missing;
pub mod near;
pub mod stage;
pub mod suite;
pub mod words;

use std::fmt;
use std::sync::Arc;

use throng_engine::policy::Native;
use throng_ports::policy::PolicyFault;

use crate::config::Config;
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::source::fault_of;

use suite::{Suite, Tested};

/// What `relay_capacity()` is while a policy is checked or tested, whatever a gateway is set to:
/// tests must not depend on where they run.
pub const RELAY_CAPACITY: usize = 15_000;

/// Looks at a policy before it is put in force, beyond the tests that it brings.
///
/// A gateway whose settings say `policy.require = "check"` puts nothing in force that its
/// inspector finds errors in.
pub trait Inspector: Send + Sync + fmt::Debug + 'static {
    /// Returns how many questions the hooks of a script were asked.
    ///
    /// # Errors
    ///
    /// The script would decide wrongly, or not at all.
    fn inspect(
        &self,
        script: &Arc<Script>,
        sandbox: &Sandbox,
        config: &Config,
    ) -> Result<u64, PolicyFault>;
}

/// Returns a sandbox in which a policy is tried: the same wherever it is, and without a log.
#[must_use]
pub fn sandbox(of: &Sandbox) -> Sandbox {
    Sandbox::new(Arc::clone(&of.clock), Native { relay_capacity: RELAY_CAPACITY }).muted()
}

/// Runs the tests that a loaded policy brings, and returns how many there are.
///
/// # Errors
///
/// One of them fails, or cannot be run, or the settings require tests and there are none.
pub(crate) fn verify(script: &Script, of: &Sandbox, config: &Config) -> Result<usize, PolicyFault> {
    let sandbox = sandbox(of);
    let deadline = sandbox.clock.elapsed().saturating_add(config.check_time());
    let suite = Suite { script, sandbox: &sandbox, config, witness: None, deadline };
    let tested = suite.run("")?;
    if let Some(fault) = tested.iter().find_map(Tested::fault) {
        return Err(fault);
    }
    let path = &script.source.path;
    let orphans = missing::orphans(std::slice::from_ref(path));
    orphans.iter().for_each(|note| tracing::warn!("tests of policies: {note}"));
    match missing::tests(path, tested.len()) {
        Some(note) if config.tests_required => {
            Err(fault_of(path, format!("{note} (policy.tests_required)")))
        }
        note => {
            note.iter().for_each(|note| tracing::warn!("{}: {note}", path.display()));
            Ok(tested.len())
        }
    }
}
