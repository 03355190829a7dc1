//! Reads all settings and checks them as a whole.

use std::collections::BTreeMap;

use anyhow::bail;
use figment::error::Kind;
use figment::{Figment, Metadata, Source};
use throng_ports::settings::Values;

use super::layers::{DEFAULTS, Layers};
use super::{Scheme, Settings, line, quoted};

/// Settings that passed every check.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// The gateway's own.
    pub(crate) settings: Settings,
    /// What was chosen, by the key that chooses.
    pub(crate) chosen: BTreeMap<String, String>,
    /// What the sections of adapters hold, by their path.
    pub(crate) values: BTreeMap<String, Values>,
}

/// Reads all settings and checks them as a whole.
///
/// # Errors
///
/// A file that is not there, a key that does not exist, a value that cannot be: each with its
/// place.
pub(crate) fn load(layers: &Layers, scheme: &Scheme) -> anyhow::Result<Loaded> {
    if let Some(file) = layers.file.as_ref().filter(|file| !file.is_file()) {
        bail!("the settings file {} is not there; check --config", file.display());
    }
    let own = layers.own(&scheme.cuts());
    let settings: Settings = own.extract().map_err(|error| explain(&error, scheme))?;
    let whole = layers.whole(scheme);
    let mut problems: Vec<String> = Vec::new();
    for (key, right) in settings.problems() {
        problems.push(format!("`{key}`{} must be {right}", placed(&whole, &key)));
    }
    let chosen = scheme.chosen(&whole, &mut problems);
    let values = scheme.values(&whole, &mut problems);
    if !problems.is_empty() {
        bail!("the settings are wrong: {}", problems.join("; "));
    }
    Ok(Loaded { settings, chosen, values })
}

/// Says where a key was set.
pub(super) fn placed(figment: &Figment, key: &str) -> String {
    figment.find_metadata(key).map_or_else(String::new, |source| place(source, key))
}

/// Names key and source of every error on a line of its own.
fn explain(errors: &figment::Error, scheme: &Scheme) -> anyhow::Error {
    let lines: Vec<String> = errors
        .clone()
        .into_iter()
        .map(|error| {
            let key = error.path.join(".").to_lowercase();
            let source = error.metadata.as_ref().map_or_else(String::new, |one| place(one, &key));
            let table = key.rsplit_once('.').map_or("", |(table, _)| table);
            let kind = words(&error.kind, &scheme.beside(table));
            let key = if key.is_empty() { String::new() } else { format!(" (key `{key}`)") };
            format!("{kind}{key}{source}")
        })
        .collect();
    anyhow::anyhow!("the settings are wrong: {}", lines.join("; "))
}

/// Says what is wrong, and what would be right.
fn words(kind: &Kind, beside: &[String]) -> String {
    match kind {
        Kind::UnknownField(name, known) => {
            let known = known.iter().map(|key| (*key).to_owned()).chain(beside.iter().cloned());
            let known: Vec<_> = known.collect();
            format!("there is no key `{name}`; there are {}", known.join(", "))
        }
        Kind::UnknownVariant(name, known) => {
            format!("`{name}` is not known; it may be {}", known.join(", "))
        }
        kind => quoted::without_quotes(&kind.to_string()),
    }
}

/// Says which file and line or which layer a setting came from.
fn place(metadata: &Metadata, key: &str) -> String {
    match &metadata.source {
        Some(Source::File(path)) => {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let line = line::of(&text, key).map_or_else(String::new, |line| format!(":{line}"));
            format!(" in {}{line}", path.display())
        }
        Some(Source::Code(_)) if !metadata.name.contains(DEFAULTS) => {
            " on the command line".to_owned()
        }
        _ if metadata.name.contains(DEFAULTS) => " by default".to_owned(),
        Some(source) => format!(" in {source}"),
        None => format!(" in {}", metadata.name),
    }
}
