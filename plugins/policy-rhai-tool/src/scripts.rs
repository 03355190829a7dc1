//! Which scripts are meant by files and folders.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders inside of each other that are searched: more is a mistake, such as a whole disk.
const DEPTH_MAX: usize = 16;

/// Why no script is meant.
#[derive(Debug, thiserror::Error)]
pub enum ScriptsError {
    /// There is no such file or folder.
    #[error("{}: it is not there; name a script, which ends in `.rhai`, or a folder", .0.display())]
    Missing(PathBuf),
    /// A file or folder cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder holds no script.
    #[error("{}: no script; they end in `.rhai`, and `throng policy new` makes one", .0.display())]
    None(PathBuf),
}

/// Lists scripts: files as they are, folders with everything below them.
///
/// # Errors
///
/// Something cannot be read, or a folder holds no script.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ScriptsError> {
    let mut scripts = Vec::new();
    for path in paths {
        let before = scripts.len();
        if !path.exists() {
            return Err(ScriptsError::Missing(path.clone()));
        }
        visit(path, 0, &mut scripts)
            .map_err(|source| ScriptsError::Read { path: path.clone(), source })?;
        if scripts.len() == before {
            return Err(ScriptsError::None(path.clone()));
        }
    }
    Ok(scripts)
}

fn visit(path: &Path, depth: usize, scripts: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        scripts.push(path.to_owned());
        return Ok(());
    }
    if depth == DEPTH_MAX {
        return Err(io::Error::other(format!(
            "more than {DEPTH_MAX} folders inside of each other"
        )));
    }
    let mut entries: Vec<_> = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries.iter().filter(|entry| entry.is_dir() || is_script(entry)) {
        visit(entry, depth + 1, scripts)?;
    }
    Ok(())
}

/// Tells whether a file is a script, and not a definition for editors.
fn is_script(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".rhai") && !name.ends_with(".d.rhai")
}

/// Tells whether a script is a module of a library.
pub(super) fn is_module(script: &Path, library: &Path) -> bool {
    match (script.canonicalize(), library.canonicalize()) {
        (Ok(script), Ok(library)) => script.starts_with(library),
        _ => false,
    }
}
