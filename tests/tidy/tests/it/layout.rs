//! Where things lie and what they are called.

use std::collections::BTreeSet;

use throng_tidy::tree::{self, File};

use crate::{files, members, none, rust_files};

/// The visible top of the tree; files whose names begin with a dot may lie beside it.
const TOP: &[&str] =
    &["Cargo.lock", "Cargo.toml", "README.md", "core", "plugins", "scripts", "tests", "transports"];
/// What the rooms put before the name of a crate.
const ROOMS: &[(&str, &str)] =
    &[("core", ""), ("transports", "transport-"), ("plugins", "plugin-"), ("tests", "")];
/// Crates whose names outsiders type.
const NAMED_OTHERWISE: &[(&str, &str)] =
    &[("core/gateway", "throng"), ("transports/client", "throng-client")];
/// Names that say nothing.
const BANNED: &[&str] =
    &["base", "common", "helper", "helpers", "manager", "misc", "types", "util", "utils"];

#[test]
fn the_top_of_the_tree_is_the_rooms_and_nothing_else() {
    let paths = tree::paths().expect("the files of the tree");
    let top: BTreeSet<_> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    let extra = top.iter().filter(|name| !name.starts_with('.') && !TOP.contains(name));
    none(extra.map(|name| format!("{name}: not a room; move it into one of {TOP:?}")));
    let missing = TOP.iter().filter(|name| !top.contains(*name));
    none(missing.map(|name| format!("{name}: missing at the top of the tree")));
}

#[test]
fn crates_are_named_after_their_folders() {
    none(members().iter().filter_map(|member| {
        let right = name_of(&member.folder)?;
        (right != member.name)
            .then(|| format!("{}/Cargo.toml: is {}, must be {right}", member.folder, member.name))
    }));
}

#[test]
fn modules_are_nouns_that_say_something() {
    let mut faults = Vec::new();
    for file in rust_files() {
        let parts = file.path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| BANNED.contains(part)) {
            faults.push(format!("{}:1: `{part}` says nothing; name the idea", file.path));
        }
        for (number, line) in file.lines() {
            if declared(line).is_some_and(|name| BANNED.contains(&name)) {
                faults.push(format!("{}:{number}: a module needs a telling name", file.path));
            }
        }
    }
    none(faults);
}

#[test]
fn modules_lie_beside_their_folders() {
    let old = rust_files().into_iter().filter(|file| file.path.ends_with("/mod.rs"));
    none(old.map(|file| format!("{}:1: rename to <folder>.rs", file.path)));
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    none(members().iter().filter_map(|member| {
        let manifest = tree::read(&format!("{}/Cargo.toml", member.folder))?;
        (!manifest.text.contains("[lints]\nworkspace = true\n"))
            .then(|| format!("{}:1: add [lints] workspace = true", manifest.path))
    }));
}

#[test]
fn nearer_clippy_files_repeat_the_entries_of_the_root() {
    // Clippy reads only the nearest file. A ban on tokio is needless where no arrow leads to it.
    let root = tree::read(".clippy.toml").expect("the root has a .clippy.toml");
    let entry =
        |line: &&str| line.contains('=') && !line.ends_with('[') && !line.contains("tokio::");
    let mut faults = Vec::new();
    for near in files().iter().filter(|file| file.path.ends_with("/.clippy.toml")) {
        for line in root.text.lines().filter(entry) {
            if !near.text.lines().any(|other| other == line) {
                faults.push(format!("{}:1: repeat `{}`", near.path, line.trim()));
            }
        }
    }
    none(faults);
}

#[test]
fn rooms_and_crates_say_what_they_are() {
    let mut faults = Vec::new();
    for room in TOP.iter().filter(|name| !name.contains('.')) {
        let readme = format!("{room}/README.md");
        faults.extend(match tree::read(&readme) {
            Some(file) => length(&file, 10, 60),
            None => Some(format!("{readme}: write it: what is here, what is not, where to start")),
        });
    }
    for member in members() {
        let readme = tree::read(&format!("{}/README.md", member.folder));
        faults.extend(readme.and_then(|file| length(&file, 5, 80)));
    }
    none(faults);
}

#[test]
fn libraries_show_on_their_front_page_how_they_are_used() {
    none(members().iter().filter_map(|member| {
        let folder = &member.folder;
        if folder.starts_with("tests/") {
            return None;
        }
        let library = tree::read(&format!("{folder}/src/lib.rs"))?;
        let readme = tree::read(&format!("{folder}/README.md"));
        let page = [library.text, readme.map_or_else(String::new, |file| file.text)].concat();
        let named = format!("use {}", member.name.replace('-', "_"));
        let shown = page.contains("```\n") && page.contains(&named);
        (!shown).then(|| format!("{folder}/src/lib.rs:1: show an example that is compiled"))
    }));
}

fn length(file: &File, min: usize, max: usize) -> Option<String> {
    let lines = file.text.lines().count();
    let right = (min..=max).contains(&lines);
    (!right).then(|| format!("{}:1: {lines} lines, must be {min} to {max}", file.path))
}

fn name_of(folder: &str) -> Option<String> {
    if let Some((_, name)) = NAMED_OTHERWISE.iter().find(|(path, _)| *path == folder) {
        return Some((*name).to_owned());
    }
    let (room, rest) = folder.split_once('/')?;
    let (_, prefix) = ROOMS.iter().find(|(name, _)| *name == room)?;
    Some(format!("throng-{prefix}{rest}"))
}

/// Returns the name that a line declares as a module.
fn declared(line: &str) -> Option<&str> {
    let (visibility, rest) = line.split_once("mod ")?;
    let visible = visibility.trim();
    (visible.is_empty() || visible.starts_with("pub"))
        .then(|| rest.trim_end_matches([';', '{', ' ']))
}
