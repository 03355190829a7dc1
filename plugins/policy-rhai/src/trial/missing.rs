//! Tests that are not there, and cases that belong to no script.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::fixture;

/// Bytes of a file that are searched for a case.
const SEARCHED_MAX: u64 = 256 * 1024;
/// Files of a folder that are searched.
const FILES_MAX: usize = 1_024;

/// Says that a script has no tests, and where they would be.
pub fn tests(script: &Path, tests: usize) -> Option<String> {
    let cases = fixture::path(script);
    let name = cases.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (tests == 0).then(|| match cases.exists() {
        true => format!("it has no tests: there is no case in `{name}`, and no function `test_…`"),
        false => {
            format!("it has no tests: there is no `{name}` beside it, and no function `test_…`")
        }
    })
}

/// Names the files of cases beside scripts that belong to none.
pub fn orphans(scripts: &[PathBuf]) -> Vec<String> {
    let folders: BTreeSet<PathBuf> = scripts.iter().map(|script| folder(script)).collect();
    let mut files: Vec<PathBuf> = folders.iter().flat_map(|folder| candidates(folder)).collect();
    files.sort();
    let orphans = files.iter().filter(|file| has_cases(file));
    orphans
        .map(|file| {
            let script = file.with_extension("rhai");
            let script = script.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("`{}` has cases that never run: there is no `{script}`", file.display())
        })
        .collect()
}

fn folder(script: &Path) -> PathBuf {
    match script.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Lists files of a folder that would be cases of a script that is not there.
fn candidates(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(FILES_MAX);
    let files = entries.map(|entry| entry.path());
    files
        .filter(|file| file.extension().is_some_and(|ending| ending == "toml"))
        .filter(|file| !file.with_extension("rhai").exists())
        .collect()
}

fn has_cases(file: &Path) -> bool {
    let mut text = Vec::new();
    let read = File::open(file).and_then(|file| file.take(SEARCHED_MAX).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    read.is_ok() && text.lines().any(|line| line.trim_start().starts_with("[[case]]"))
}
