//! What scripts may read and call, for editors that understand Rhai.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::HookConfig;
use crate::fact::{Fact, Kind, Subject};
use crate::hook::Hook;
use crate::sandbox::Sandbox;

/// Returns the files by their names: functions as the engine has them, facts with what they mean.
pub(super) fn files(sandbox: &Sandbox) -> Vec<(String, String)> {
    let engine = sandbox.engine(&HookConfig::default());
    let known = engine.definitions().with_headers(true);
    let mut files: Vec<_> =
        known.iter_files().map(|(name, text)| (name, without_facts(&text))).collect();
    files.push(("facts.d.rhai".to_owned(), facts()));
    files
}

/// Writes the files into a folder.
///
/// # Errors
///
/// They cannot be written.
pub(super) fn write(sandbox: &Sandbox, folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let mut written = Vec::new();
    for (name, text) in files(sandbox) {
        let path = folder.join(name);
        fs::write(&path, text)?;
        written.push(path);
    }
    Ok(written)
}

/// Drops getters of facts, of which the engine knows neither the type nor the meaning.
fn without_facts(text: &str) -> String {
    let is_fact = |line: &str| {
        line.starts_with("fn get ")
            && Subject::ALL.iter().any(|subject| line.contains(&format!(": {})", subject.name())))
    };
    let mut kept = String::new();
    for line in text.lines().filter(|line| !is_fact(line)) {
        // What was between two getters is one empty line.
        if !(line.is_empty() && kept.ends_with("\n\n")) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

fn facts() -> String {
    let mut text = String::from("module static;\n");
    text.push_str("\n// Hooks that a policy may define:\n");
    for hook in Hook::ALL {
        _ = writeln!(text, "//   fn {hook}");
    }
    for fact in Fact::ALL {
        let (owner, name, kind) = (fact.subject().name(), fact.property(), kind(fact.kind()));
        _ = writeln!(text, "\n/// {}", fact.doc());
        _ = match fact {
            Fact::HasRole => writeln!(text, "fn {name}(it: {owner}, id: int) -> {kind};"),
            Fact::UserPercent => writeln!(text, "fn {name}(it: {owner}, salt: String) -> {kind};"),
            _ => writeln!(text, "fn get {name}(it: {owner}) -> {kind};"),
        };
    }
    text
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Text => "String",
        Kind::Roles => "Array",
    }
}
