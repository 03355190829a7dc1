//! A policy on disk, edited while a gateway runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::{Admin, PATIENCE};

/// A script in a folder of its own.
#[derive(Debug)]
pub struct Script {
    path: PathBuf,
    _folder: TempDir,
}

impl Script {
    /// Writes a script.
    ///
    /// # Errors
    ///
    /// Fails when the disk does.
    pub fn new(text: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("policy.rhai");
        fs::write(&path, text)?;
        Ok(Self { path, _folder: folder })
    }

    /// Returns where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Saves another text as editors do: a new file takes the place of the old one.
    ///
    /// # Errors
    ///
    /// Fails when the disk does.
    pub fn save(&self, text: &str) -> Result<()> {
        let draft = self.path.with_extension("draft");
        fs::write(&draft, text)?;
        Ok(fs::rename(draft, &self.path)?)
    }

    /// Saves another text, and waits until the gateway has noticed and asked it about everybody.
    ///
    /// # Errors
    ///
    /// Fails when that takes too long.
    pub fn replace(&self, text: &str, admin: &Admin) -> Result<()> {
        let before = admin.policy()?["version"].clone();
        self.save(text)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let policy = admin.policy()?;
            if policy["version"] != before && policy["review"]["running"] == false {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the policy stays {policy}");
        }
    }
}
