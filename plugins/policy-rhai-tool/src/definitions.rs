//! What scripts may read and call, for editors that understand Rhai.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use throng_plugin_policy_rhai::fact::{Fact, Kind, Subject};
use throng_plugin_policy_rhai::{Hook, HookConfig, Sandbox};

/// What scripts call, with what it does. The engine knows neither of functions that can fail.
const FUNCTIONS: [(&str, &str); 11] = [
    ("admit() -> Decision", "Lets a session begin."),
    ("allow() -> Decision", "Lets something be published."),
    ("refuse(reason: String) -> Decision", "Refuses a session or something to be published."),
    (
        "refuse(reason: String, seconds: int) -> Decision",
        "Refuses, and says when to try again: 1 to 86400 seconds.",
    ),
    ("clock() -> Clock", "The time in UTC."),
    ("at(clock: Clock, minutes: int) -> Clock", "The time so many minutes east of UTC."),
    ("relay_capacity() -> int", "Attachments that a relay takes, as the gateway is set."),
    (
        "percent(value: int, salt: String) -> int",
        "0 to 99, the same for a value and a salt everywhere and always.",
    ),
    (
        "percent(value: String, salt: String) -> int",
        "0 to 99, the same for a value and a salt everywhere and always.",
    ),
    ("log_info(text: String)", "Writes a line to the log of the gateway, at most 5 a second."),
    ("log_warn(text: String)", "Writes a warning to the log of the gateway, at most 5 a second."),
];
/// What functions that test a policy call besides.
const PROPS: [(&str, &str); 11] = [
    ("session(facts: Map) -> Session", "Makes a session with these facts."),
    ("guild(facts: Map) -> Guild", "Makes a guild with these facts."),
    ("relay_of(facts: Map) -> Relay", "Makes a relay with these facts."),
    ("event(facts: Map) -> Event", "Makes an event with these facts."),
    ("author(facts: Map) -> Author", "Makes an author with these facts."),
    ("channel(facts: Map) -> Channel", "Makes a channel with these facts."),
    ("node(facts: Map) -> Node", "Makes a node with these facts."),
    ("set_clock(time: String)", "Sets the time, such as \"2026-01-01T23:30:00Z\"."),
    ("assert(holds: bool)", "Fails the test when this does not hold."),
    ("assert(holds: bool, text: String)", "Fails the test with a text when this does not hold."),
    ("assert_eq(got: ?, expected: ?)", "Fails the test when the values differ."),
];
/// What the language has and a sandbox has not.
const ABSENT: [&str; 5] = ["print", "debug", "eval", "curry", "is_shared"];

/// Returns the files by their names: what Rhai has as the engine tells it, and what Throng adds.
pub(super) fn files(sandbox: &Sandbox) -> Vec<(String, String)> {
    let engine = sandbox.engine(&HookConfig::default());
    let known = engine.definitions().with_headers(true);
    let mut files: Vec<_> =
        known.iter_files().map(|(name, text)| (name, without_ours(&text))).collect();
    files.push(("throng.d.rhai".to_owned(), ours()));
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

/// Drops what is absent, and what is described better in the file of our own.
fn without_ours(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let blocks = text.split("\n\n").filter(|block| {
        let head = block.lines().last().unwrap_or_default();
        !is_absent(head) && !is_ours(head)
    });
    let mut kept = blocks.collect::<Vec<_>>().join("\n\n");
    kept.truncate(kept.trim_end().len());
    kept.push('\n');
    kept
}

fn is_absent(head: &str) -> bool {
    ABSENT.iter().any(|name| head.starts_with(&format!("fn {name}(")))
}

fn is_ours(head: &str) -> bool {
    let types = Subject::ALL.map(Subject::name).into_iter().chain(["Decision"]);
    let mut types =
        types.map(|name| [format!(": {name})"), format!(": {name},"), format!("({name},")]);
    let named = FUNCTIONS.iter().filter_map(|(head, _)| head.split_once('('));
    types.any(|forms| forms.iter().any(|form| head.contains(form)))
        || named.into_iter().any(|(name, _)| head.starts_with(&format!("fn {name}(")))
}

fn ours() -> String {
    let mut text = String::from("module static;\n\n// Hooks that a policy may define:\n");
    for hook in Hook::ALL {
        _ = writeln!(text, "//   fn {hook}");
    }
    for (head, doc) in FUNCTIONS {
        _ = writeln!(text, "\n/// {doc}\nfn {head};");
    }
    for (head, doc) in PROPS {
        _ = writeln!(text, "\n/// {doc} Only while testing.\nfn {head};");
    }
    for fact in Fact::ALL {
        _ = writeln!(text, "\n/// {}\nfn {};", fact.doc(), getter(*fact));
    }
    text
}

fn getter(fact: Fact) -> String {
    let (owner, name, kind) = (fact.subject().name(), fact.property(), kind(fact.kind()));
    match fact {
        Fact::HasRole => format!("{name}(it: {owner}, id: int) -> {kind}"),
        Fact::UserPercent => format!("{name}(it: {owner}, salt: String) -> {kind}"),
        _ => format!("get {name}(it: {owner}) -> {kind}"),
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Text => "String",
        Kind::Roles => "Array",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use throng_engine::policy::Native;

    use super::*;
    use throng_plugin_policy_rhai::SystemClock;
    use throng_plugin_policy_rhai::trial::stage;

    #[test]
    fn everything_of_ours_is_described() {
        let native = Native { relay_capacity: 1 };
        let sandbox = Sandbox::new(Arc::new(SystemClock::default()), native);
        let engine = sandbox.engine(&HookConfig::default());
        let name = |info: rhai::FuncInfo<'_>| Some(info.metadata.name.to_string());
        let names: BTreeSet<_> =
            engine.collect_fn_metadata(None, name, false).into_iter().collect();
        let text = ours();
        for name in names.iter().filter(|name| !name.contains('=')) {
            let head = name
                .strip_prefix("get$")
                .map_or_else(|| name.clone(), |name| format!("get {name}"));
            assert!(text.contains(&format!("\nfn {head}(")), "{name} is not described");
        }
        for (name, _) in stage::PROPS {
            assert!(text.contains(&format!("\nfn {name}(")), "{name} is not described");
        }
    }
}
