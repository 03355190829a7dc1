//! Settings as they are shown: those in force, and what there is to be set.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::{Map, Value};
use throng_ports::settings::{Row, Section, Setting};
use toml::Table;

use super::{Choice, Loaded, Scheme};

/// Shows settings as TOML.
#[allow(clippy::print_stdout, reason = "this is what the action is for")]
pub(crate) fn print(loaded: &Loaded, scheme: &Scheme) -> anyhow::Result<()> {
    print!("{}", text(loaded, scheme)?);
    Ok(())
}

/// Writes settings as TOML; secrets are hidden.
pub(crate) fn text(loaded: &Loaded, scheme: &Scheme) -> anyhow::Result<String> {
    let shown = "the settings cannot be shown";
    let mut table = Table::try_from(&loaded.settings).context(shown)?;
    for (key, name) in &loaded.chosen {
        put(&mut table, key, toml::Value::from(name.as_str()));
    }
    for area in scheme.areas.iter().filter(|area| !area.is_own) {
        let values = loaded.values.get(&area.path).cloned().unwrap_or_default();
        let shown = without_null(values.shown(&area.section));
        let shown = Table::try_from(shown).context(area.path.clone())?;
        for Row { key, .. } in area.section.rows() {
            if let Some(value) = shown.get(*key) {
                put(&mut table, &format!("{}.{key}", area.path), value.clone());
            }
        }
    }
    toml::to_string(&table).context(shown)
}

/// Puts a value at a path, making tables on the way.
fn put(table: &mut Table, path: &str, value: toml::Value) {
    let Some((first, rest)) = path.split_once('.') else {
        table.insert(path.to_owned(), value);
        return;
    };
    let inner = table.entry(first).or_insert_with(|| Table::new().into());
    if let toml::Value::Table(inner) = inner {
        put(inner, rest, value);
    }
}

/// Leaves out what is not set; TOML has no word for it.
fn without_null(values: Map<String, Value>) -> Map<String, Value> {
    let kept = values.into_iter().filter(|(_, value)| !value.is_null());
    kept.map(|(key, value)| match value {
        Value::Object(inner) => (key, Value::Object(without_null(inner))),
        value => (key, value),
    })
    .collect()
}

/// Describes the settings of adapters as Markdown: what may be chosen, and each section.
pub(crate) fn describe(scheme: &Scheme) -> String {
    let mut page = String::new();
    head(&mut page);
    scheme.choices.iter().for_each(|choice| choose(&mut page, choice));
    for area in scheme.areas.iter().filter(|area| !area.is_own) {
        section(&mut page, &area.path, &area.section);
    }
    page
}

/// Begins a table of keys.
pub(super) fn head(page: &mut String) {
    page.push_str("\n| key | default | what |\n|---|---|---|\n");
}

/// Writes the row of a key that chooses.
pub(super) fn choose(page: &mut String, choice: &Choice) {
    let Choice { key, default, .. } = choice;
    row(page, key, &format!("\"{default}\""), &choice.about());
}

/// Writes a section with its tables; nothing of one without keys.
pub(super) fn section(page: &mut String, path: &str, section: &Section) {
    let (tables, values): (Vec<&Row>, Vec<&Row>) =
        section.rows().iter().partition(|row| matches!(row.setting, Setting::Table(_)));
    if !section.rows().is_empty() {
        written(write!(page, "\n## `{path}`\n"));
    }
    if !section.rows().is_empty() && !section.about().is_empty() {
        written(write!(page, "\n{}\n", section.about()));
    }
    if !values.is_empty() {
        head(page);
    }
    for Row { key, about, setting } in values {
        row(page, &format!("{path}.{key}"), &default(setting), about);
    }
    for Row { key, setting, .. } in tables {
        if let Setting::Table(inner) = setting {
            self::section(page, &format!("{path}.{key}"), inner);
        }
    }
}

/// Writes the row of a key.
pub(super) fn row(page: &mut String, key: &str, default: &str, about: &str) {
    written(writeln!(page, "| `{key}` | `{default}` | {about} |"));
}

fn default(setting: &Setting) -> String {
    match setting {
        Setting::Value(Value::Null) => "none".to_owned(),
        Setting::Value(value) => value.to_string(),
        Setting::Secret => "\"\"".to_owned(),
        Setting::Table(_) => String::new(),
    }
}

fn written(done: std::fmt::Result) {
    debug_assert!(done.is_ok(), "memory takes any write");
}
