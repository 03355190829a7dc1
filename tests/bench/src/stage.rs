//! A policy that a program changes while a node runs.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tempfile::TempDir;
use throng_engine::policy::Native;
use throng_plugin_policy_rhai::{Config, RhaiPolicy};

/// Everybody is active.
const AWAKE: &str = r#"fn passivity(session, guild) { "active" }"#;
/// Nine of ten users are passive.
const ASLEEP: &str = r#"fn passivity(session, guild) {
    if percent(session.user, "bench") < 90 { "passive" } else { "active" }
}"#;

/// A script on disk, and the policy that runs it.
#[derive(Debug)]
pub struct Stage {
    /// The policy.
    pub policy: Arc<RhaiPolicy>,
    script: PathBuf,
    _folder: TempDir,
}

impl Stage {
    /// Begins with everybody active.
    ///
    /// # Errors
    ///
    /// There is no temporary folder.
    pub fn set() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let script = folder.path().join("stage.rhai");
        std::fs::write(&script, AWAKE)?;
        let config = Config { path: script.clone(), ..Config::default() };
        let policy =
            throng_plugin_policy_rhai_tool::open(config, Native { relay_capacity: 15_000 })?;
        Ok(Self { policy: Arc::new(policy), script, _folder: folder })
    }

    /// Saves any script.
    ///
    /// # Errors
    ///
    /// The script cannot be written.
    pub fn write(&self, script: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(&self.script, script)?)
    }

    /// Saves the script that lets nine tenths sleep, or the one that wakes everybody.
    ///
    /// # Errors
    ///
    /// The script cannot be written.
    pub fn save(&self, asleep: bool) -> anyhow::Result<()> {
        Ok(std::fs::write(&self.script, if asleep { ASLEEP } else { AWAKE })?)
    }
}
