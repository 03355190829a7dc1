//! Programs of Debian's packages that a story needs.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::say;

/// Finds a program on the path; `None`, with a printed reason, where it is not installed.
///
/// # Errors
///
/// Under `CI=true` a missing program is an error that names its package.
pub fn part(program: &str, package: &str) -> Result<Option<PathBuf>> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // Debian has servers where only root's path leads.
    let folders = std::env::split_paths(&folders).chain(["/usr/sbin".into()]);
    let found = folders.map(|folder| folder.join(program)).find(|path| path.is_file());
    if found.is_some() {
        return Ok(found);
    }
    let missing = format!("{program} is missing; apt-get install {package}");
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        bail!(missing);
    }
    say(&format!("skipped: {missing}"));
    Ok(None)
}
