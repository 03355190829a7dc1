//! What those who build, package and contribute read is the same wherever it is written.

use throng_tidy::tree::{self, File};

use crate::{files, none};

const MANIFEST: &str = "Cargo.toml";
const STEPS: &str = ".ci/run";
const FORGE: &str = ".github/workflows/ci.yml";
const CHANGELOG: &str = "core/docs/CHANGELOG.md";
/// Our crates elsewhere than in the workspace, which have no version.
const UNNUMBERED: &[&str] = &["throng-fuzz", "throng-e2e-"];

#[test]
fn the_forge_runs_every_step_there_is() {
    let script = read(STEPS).text;
    let steps = between(&script, "\nSTEPS=(", ")").expect("the steps in one line");
    let mut there: Vec<_> = steps.split(' ').map(str::to_owned).collect();
    let mut run: Vec<_> = values(&read(FORGE).text, "{ step: ").collect();
    there.sort();
    run.sort();
    let wrong = there != run;
    none(wrong.then(|| format!("{FORGE}:1: runs {run:?}, but {STEPS} has {there:?}")));
}

#[test]
fn there_is_one_oldest_toolchain() {
    let oldest = of_the_workspace("rust-version");
    let rows = [
        (FORGE, format!("{{ step: msrv, toolchain: \"{oldest}\" }}")),
        ("core/docs/packaging/Containerfile", format!("/rust:{oldest}-")),
    ];
    none(rows.iter().filter_map(|(path, words)| lacks(path, words)));
}

#[test]
fn there_is_one_licence() {
    let licence = of_the_workspace("license");
    let right = format!("license = \"{licence}\"");
    let mut faults = Vec::new();
    for manifest in files().iter().filter(|file| file.path.ends_with(MANIFEST)) {
        let wrong = |line: &str| line.starts_with("license = ") && line != right;
        for (number, _) in manifest.lines().filter(|(_, line)| wrong(line)) {
            faults.push(format!("{}:{number}: the licence is {licence}", manifest.path));
        }
    }
    let text = format!("core/docs/LICENSE-{licence}");
    let words = [format!("Licence: {licence};"), format!("({text})")];
    faults.extend(words.iter().filter_map(|words| lacks("README.md", words)));
    faults.extend(lacks(&text, &format!("{licence} License")));
    none(faults);
}

#[test]
fn there_is_one_version() {
    let version = of_the_workspace("version");
    let changelog = read(CHANGELOG);
    let newest: Vec<_> =
        changelog.text.lines().filter_map(|line| line.strip_prefix("## ")).take(2).collect();
    let cut = matches!(newest.as_slice(), ["Unreleased", second] if names(second, &version));
    let mut faults = Vec::from_iter(
        (!cut).then(|| format!("{CHANGELOG}:1: `## Unreleased` and `## {version}` come first")),
    );
    faults.extend(lacks("core/docs/packaging/throng.1", &format!("\"throng {version}\"")));
    for lock in files().iter().filter(|file| file.path.ends_with("Cargo.lock")) {
        let stale = ours(lock).filter(|(_, _, other)| *other != version);
        faults.extend(stale.map(|(number, name, other)| {
            format!("{}:{number}: {name} is {other}, not {version}", lock.path)
        }));
    }
    none(faults);
}

/// Tells whether a heading is that of a version: the number, and maybe a date.
fn names(heading: &str, version: &str) -> bool {
    heading.split(' ').next() == Some(version)
}

/// Lists the crates of the workspace in a lock file, with the line of their version.
fn ours(lock: &File) -> impl Iterator<Item = (usize, &str, &str)> {
    let lines = lock.lines().zip(lock.lines().skip(1));
    lines.filter_map(|((_, first), (number, second))| {
        let name = value(first, "name")?;
        let numbered = !UNNUMBERED.iter().any(|other| name.starts_with(other));
        let ours = numbered && (name == "throng" || name.starts_with("throng-"));
        ours.then_some((number, name, value(second, "version")?))
    })
}

fn read(path: &str) -> File {
    tree::read(path).unwrap_or_else(|| File { path: path.to_owned(), text: String::new() })
}

/// Says that a file lacks some words.
fn lacks(path: &str, words: &str) -> Option<String> {
    (!read(path).text.contains(words)).then(|| format!("{path}:1: must say `{words}`"))
}

/// Reads a key of `[workspace.package]`.
fn of_the_workspace(key: &str) -> String {
    let manifest = read(MANIFEST).text;
    let section = between(&manifest, "[workspace.package]\n", "\n[").expect("a section");
    section.lines().find_map(|line| value(line, key)).expect("a key of the workspace").to_owned()
}

/// Reads `key = "value"`.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    text.split_once(begin)?.1.split_once(end).map(|(inner, _)| inner)
}

/// Lists the words that follow `before`, up to a comma.
fn values(text: &str, before: &str) -> impl Iterator<Item = String> {
    text.split(before).skip(1).filter_map(|rest| rest.split(',').next()).map(str::to_owned)
}
