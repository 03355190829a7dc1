//! The files of the tree: what git tracks, and what it would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// One file of text.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it lies, relative to the root, with slashes.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl File {
    /// Tells whether its name ends in one of these.
    #[must_use]
    pub fn is(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(&format!(".{ending}")))
    }

    /// Tells whether it holds tests or what they need, by where it lies.
    #[must_use]
    pub fn is_test(&self) -> bool {
        let path = self.path.as_str();
        path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
    }

    /// Returns its test code: all of it, or what follows `mod tests {`.
    #[must_use]
    pub fn test_code(&self) -> &str {
        if self.is_test() {
            return &self.text;
        }
        self.text.find("mod tests {").map_or("", |at| &self.text[at..])
    }

    /// Returns its lines with their numbers, which start at 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        // Not `str::lines`, which would hide a carriage return.
        self.text.split('\n').enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// Returns the top of the tree.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_owned).unwrap_or_default()
}

/// Lists the paths of the tree that git does not ignore.
///
/// # Errors
///
/// There is no git, or this is not a checkout.
pub fn paths() -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .args(["--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("the rules read the tree through git; install it")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout)?;
    let there = |path: &&str| !path.is_empty() && root().join(path).exists();
    let mut paths: Vec<_> = listed.split('\0').filter(there).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Reads every file of text of the tree.
///
/// # Errors
///
/// The tree cannot be listed, or a file cannot be read.
pub fn files() -> Result<Vec<File>> {
    let mut files = Vec::new();
    for path in paths()? {
        let bytes = fs::read(root().join(&path)).with_context(|| path.clone())?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path, text });
        }
    }
    Ok(files)
}

/// Reads one file, or nothing when it is not there.
#[must_use]
pub fn read(path: &str) -> Option<File> {
    let text = fs::read_to_string(root().join(path)).ok()?;
    Some(File { path: path.to_owned(), text })
}
