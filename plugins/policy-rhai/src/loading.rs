//! From files to a version that may be put in force: read, compiled, tested and checked.

use std::sync::Arc;
use std::thread;

use throng_ports::policy::PolicyFault;

use crate::config::{Config, Require};
use crate::footprint::Footprint;
use crate::respondent::Surroundings;
use crate::script::Script;
use crate::source::fault_of;
use crate::standing::Standing;
use crate::trial::{self, Inspector};
use crate::version::Version;

/// How often files are read again that change while they are read.
const ATTEMPTS: usize = 3;
/// Stack of the thread that reads scripts: reading recurses over what scripts nest.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Loads the script that the settings name, on a thread of its own; a version that is known is
/// returned as it is, with what was counted of it.
///
/// # Errors
///
/// The policy is broken, or decides nothing, or its tests fail, or it is not what the settings
/// require, or it was taken back.
pub(crate) fn load(
    config: &Config,
    around: &Surroundings,
    standing: &Standing,
) -> Result<Arc<Version>, PolicyFault> {
    let failed = |why: String| fault_of(&config.path, why);
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("policy-load".to_owned());
        let loading = builder
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || settled(config, around, standing))
            .map_err(|error| failed(format!("no thread can be started: {error}")))?;
        loading.join().unwrap_or_else(|_| Err(failed("loading it panicked".to_owned())))
    })
}

/// Loads files that do not change meanwhile, so that all that is loaded belongs together.
fn settled(
    config: &Config,
    around: &Surroundings,
    standing: &Standing,
) -> Result<Arc<Version>, PolicyFault> {
    for _ in 0..ATTEMPTS {
        let before = Footprint::of(config);
        let loaded = once(config, around, standing);
        if Footprint::of(config) == before {
            return loaded;
        }
        tracing::info!("files of the policy changed while it was loaded; it is loaded again");
    }
    Err(fault_of(&config.path, "its files keep changing while it is loaded; load it again later"))
}

fn once(
    config: &Config,
    around: &Surroundings,
    standing: &Standing,
) -> Result<Arc<Version>, PolicyFault> {
    let sandbox = &around.sandbox;
    let begin = sandbox.clock.elapsed();
    let script = Arc::new(Script::load(&config.path, sandbox, config)?);
    script.must_decide()?;
    if let Some(why) = standing.why_taken_back(&script) {
        let message = format!("this version was taken back, so change it: {why}");
        return Err(fault_of(&script.source.path, message));
    }
    let tests = trial::verify(&script, sandbox, config)?;
    if let Some(known) = standing.known(&script) {
        return Ok(known);
    }
    let version = Version::new(&script, sandbox, config)?;
    let questions = match config.require {
        Require::Check => inspector(around, config)?.inspect(&script, sandbox, config)?,
        Require::Compile => 0,
    };
    let millis = u64::try_from(sandbox.clock.elapsed().saturating_sub(begin).as_millis());
    let (version_id, millis) = (version.id(), millis.unwrap_or(u64::MAX));
    tracing::info!(
        version = version_id,
        tests,
        questions,
        millis,
        "the policy is tested and checked"
    );
    Ok(Arc::new(version))
}

fn inspector<'a>(
    around: &'a Surroundings,
    config: &Config,
) -> Result<&'a dyn Inspector, PolicyFault> {
    around.inspector.as_deref().ok_or_else(|| {
        let why = "policy.require is \"check\", and this policy was opened without an inspector: \
                   open it with one, or set it to \"compile\"";
        fault_of(&config.path, why)
    })
}
