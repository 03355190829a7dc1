//! A policy to begin with, its cases beside it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const POLICY: &str = include_str!("starter/policy.rhai");
const CASES: &str = include_str!("starter/policy.toml");
/// What stands for the name in both.
const NAME: &str = "my-policy";

/// Why there is no new policy.
#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    /// The name is not one for a file.
    #[error("\"{0}\" is no name for a policy; use lower-case letters, digits and hyphens")]
    Name(String),
    /// Something of that name is there.
    #[error("{} is there already and stays as it is; choose another name", .0.display())]
    Exists(PathBuf),
    /// The files cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes a commented policy and its cases into a folder, and returns both files.
///
/// # Errors
///
/// The name is not one for a file, one of the files is there, or they cannot be written.
pub fn starter(name: &str, folder: &Path) -> Result<[PathBuf; 2], StarterError> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.starts_with('-') || !name.chars().all(is_plain) {
        return Err(StarterError::Name(name.to_owned()));
    }
    let files = [("rhai", POLICY), ("toml", CASES)]
        .map(|(ending, text)| (folder.join(format!("{name}.{ending}")), text));
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(StarterError::Exists(path.clone()));
    }
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StarterError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for (path, text) in &files {
        let mut file = File::create_new(path).map_err(failed(path))?;
        file.write_all(text.replace(NAME, name).as_bytes()).map_err(failed(path))?;
    }
    Ok(files.map(|(path, _)| path))
}
