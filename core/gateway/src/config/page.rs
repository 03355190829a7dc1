//! `core/docs/CONFIG.md`, made from the doc comments of the settings and their defaults.

use std::fmt::Write as _;
use std::path::Path;

use toml::Value;

use super::{Scheme, Settings, shown};
use crate::Gateway;

/// Where structs of settings are, under the name that other structs use for them.
const SOURCES: [(&str, &str); 5] = [
    ("Settings", include_str!("../config.rs")),
    ("throng_shell", include_str!("../../../shell/src/config.rs")),
    ("throng_shell::budgets", include_str!("../../../shell/src/budgets/config.rs")),
    ("throng_plugin_http_api", include_str!("../../../../plugins/http-api/src/config.rs")),
    ("throng_plugin_policy_rhai", include_str!("../../../../plugins/policy-rhai/src/config.rs")),
];

const INTRODUCTION: &str = "# Configuration

Settings come from four places, and later ones go before earlier ones:
the defaults, the file named by `--config` (TOML), the environment, the command line.
In the environment a key is `THRONG_` with its name in capitals and `__` for each dot,
such as `THRONG_RELAY__CAPACITY=5000`; names that begin with `THRONG_CLIENT_` are left to clients.
The flags are `--listen`, `--admin`, `--quic`, `--policy`, `--data`, `--log` and `--log-json`.
A key that does not exist is an error, and all settings are checked before any port is bound.
`throng config` shows what is in force.
Stores, transports, policies, issuers of tokens and plugins bring their own sections along;
`throng config --adapters` shows those that a program has.

This page is made from the code; `TIDY_WRITE=1 cargo test -p throng` writes it again.
";

struct Field<'a> {
    name: &'a str,
    kind: &'a str,
    doc: String,
}

/// Finds the fields of a struct with their doc comments.
fn fields<'a>(source: &'a str, name: &str) -> Vec<Field<'a>> {
    let start = format!("struct {name} {{");
    let body = source.split_once(&start).and_then(|(_, rest)| rest.split_once("\n}"));
    let Some((body, _)) = body else { return Vec::new() };
    let mut fields = Vec::new();
    let mut doc = String::new();
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            doc.push_str(text);
        } else if let Some((name, kind)) =
            line.trim_start_matches("pub(crate) ").trim_start_matches("pub ").split_once(": ")
            && !line.starts_with('#')
        {
            let doc = std::mem::take(&mut doc).trim().to_owned();
            fields.push(Field { name, kind: kind.trim_end_matches(','), doc });
        }
    }
    fields
}

/// Finds the source of a struct that a field names.
fn find<'a>(kind: &'a str, here: &'static str) -> (&'static str, &'a str) {
    let (place, name) = kind.rsplit_once("::").unwrap_or(("", kind));
    let named = SOURCES.iter().find(|(source, _)| *source == place).map(|(_, text)| *text);
    let defines = |text: &&str| text.contains(&format!("struct {name} {{"));
    let source = named.or_else(|| [here].into_iter().find(|text| defines(text)));
    let anywhere = || SOURCES.iter().map(|(_, text)| *text).find(defines);
    (source.or_else(anywhere).unwrap_or(here), name)
}

/// Writes a struct of settings, and what adapters add to it.
fn section(page: &mut String, prefix: &str, source: &'static str, name: &str, defaults: &Value) {
    let fields = fields(source, name);
    let (tables, values): (Vec<_>, Vec<_>) =
        fields.iter().partition(|field| defaults.get(field.name).is_some_and(Value::is_table));
    let scheme = scheme();
    let mut choices = scheme.choices.iter().filter(|choice| is_at(&choice.key, prefix)).peekable();
    if !values.is_empty() || choices.peek().is_some() {
        shown::head(page);
    }
    choices.for_each(|choice| shown::choose(page, choice));
    for field in values {
        let default = defaults.get(field.name).map_or_else(|| "none".to_owned(), text);
        shown::row(page, &format!("{prefix}{}", field.name), &default, &field.doc);
    }
    for field in tables {
        let (source, name) = find(field.kind, source);
        let prefix = format!("{prefix}{}.", field.name);
        writeln!(page, "\n## `{}`\n\n{}", prefix.trim_end_matches('.'), field.doc).expect("memory");
        section(page, &prefix, source, name, &defaults[field.name]);
    }
    for area in scheme.areas.iter().filter(|area| !area.is_own && is_at(&area.path, prefix)) {
        shown::section(page, &area.path, &area.section);
        choices_at(page, &scheme, &format!("{}.", area.path));
    }
}

/// Writes the keys that choose below a section which an adapter brings along.
fn choices_at(page: &mut String, scheme: &Scheme, prefix: &str) {
    scheme.choices.iter().filter(|choice| is_at(&choice.key, prefix)).for_each(|choice| {
        shown::choose(page, choice);
    });
}

/// Tells whether a path leads to something right below a prefix.
fn is_at(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| !rest.contains('.'))
}

/// What the adapters of the `throng` program add.
fn scheme() -> Scheme {
    Gateway::builder().adapters.scheme().expect("their names are right")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

fn page() -> String {
    let defaults = Value::try_from(Settings::default()).expect("settings are TOML");
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, "", SOURCES[0].1, "Settings", &defaults);
    page
}

#[test]
fn the_configuration_page_is_made_from_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CONFIG.md");
    if std::env::var_os("TIDY_WRITE").is_some() {
        std::fs::write(&path, page()).expect("the page is written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page(),
        "core/docs/CONFIG.md is out of date: TIDY_WRITE=1 cargo test -p throng"
    );
}

#[test]
fn every_setting_is_described() {
    for line in page().lines().filter(|line| line.starts_with("| `")) {
        assert!(!line.ends_with("|  |"), "a setting has no description: {line}");
    }
}
