//! What adapters add to the settings: sections of their own, and keys that choose among them.

use figment::Figment;
use serde_json::Value;
use std::collections::BTreeMap;
use throng_ports::settings::{Section, Values};

use super::layers;
use super::load::placed;

/// Where sections of plugins are; nothing else is there.
pub(crate) const PLUGINS: &str = "plugins";

/// A section that an adapter brings along.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    /// Its place, such as `store.sqlite`.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) section: Section,
    /// Whether the gateway reads and describes the keys among its own.
    pub(crate) is_own: bool,
}

/// A key that chooses one of several adapters.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The key, such as `store.kind`.
    pub(crate) key: String,
    /// What is chosen by default.
    pub(crate) default: String,
    /// Names that may be chosen, and what each is.
    pub(crate) names: Vec<(String, String)>,
}

impl Choice {
    /// Says what may be chosen.
    pub(crate) fn about(&self) -> String {
        let rows = self.names.iter().map(|(name, about)| format!("`{name}`: {about}"));
        rows.collect::<Vec<_>>().join(" ")
    }
}

/// All sections and choices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scheme {
    pub(crate) areas: Vec<Area>,
    pub(crate) choices: Vec<Choice>,
}

impl Scheme {
    /// Returns the defaults of everything, with their places.
    pub(super) fn defaults(&self) -> Vec<(String, Value)> {
        let areas =
            self.areas.iter().filter(|area| !area.is_own).map(|area| {
                (area.path.clone(), Value::Object(Values::of(&area.section).into_map()))
            });
        let choices =
            self.choices.iter().map(|choice| (choice.key.clone(), Value::from(&*choice.default)));
        areas.chain(choices).collect()
    }

    /// Returns the keys that the gateway does not read among its own.
    pub(super) fn cuts(&self) -> Vec<String> {
        let areas = self.areas.iter().filter(|area| !area.is_own).map(|area| area.path.clone());
        let choices = self.choices.iter().map(|choice| choice.key.clone());
        areas.chain(choices).chain([PLUGINS.to_owned()]).collect()
    }

    /// Returns the keys of adapters that stand in a table among the gateway's own.
    pub(super) fn beside(&self, table: &str) -> Vec<String> {
        self.cuts().iter().filter_map(|path| inside(path, table).map(str::to_owned)).collect()
    }

    /// Reads what is chosen, and tells what is not there to be chosen.
    pub(super) fn chosen(
        &self,
        whole: &Figment,
        problems: &mut Vec<String>,
    ) -> BTreeMap<String, String> {
        let mut chosen = BTreeMap::new();
        for choice in &self.choices {
            let key = &choice.key;
            let place = placed(whole, key);
            let name = whole.extract_inner::<String>(key).unwrap_or_default();
            let known: Vec<_> = choice.names.iter().map(|(name, _)| name.as_str()).collect();
            if !known.contains(&name.as_str()) {
                let known = known.join(", ");
                problems
                    .push(format!("`{key} = \"{name}\"`{place} is not known here; known: {known}"));
            }
            chosen.insert(key.clone(), name);
        }
        chosen
    }

    /// Reads what the sections hold, and tells what cannot be.
    pub(super) fn values(
        &self,
        whole: &Figment,
        problems: &mut Vec<String>,
    ) -> BTreeMap<String, Values> {
        problems.extend(self.strangers(whole));
        let mut all = BTreeMap::new();
        for Area { path, section, is_own } in &self.areas {
            let Some(values) = layers::values(whole, path) else {
                problems.push(format!("`{path}`{} must be a table", placed(whole, path)));
                continue;
            };
            let values = values.without(&self.beside(path));
            if !is_own {
                problems.extend(section.problems(&values).into_iter().map(|problem| {
                    let key = format!("{path}.{}", problem.key);
                    format!("`{key}`{} {}", placed(whole, &key), problem.says)
                }));
            }
            all.insert(path.clone(), values);
        }
        all
    }

    /// Tells which plugins have settings and are not there.
    fn strangers(&self, whole: &Figment) -> Vec<String> {
        let known = self.beside(PLUGINS);
        let there = if known.is_empty() { "there is none".into() } else { known.join(", ") };
        let set = layers::values(whole, PLUGINS).unwrap_or_default();
        let strangers = set.keys().filter(|name| !known.iter().any(|other| other == name));
        let told = strangers.map(|name| {
            let key = format!("{PLUGINS}.{name}");
            format!("`{key}`{} is not known here; known: {there}", placed(whole, &key))
        });
        told.collect()
    }
}

/// Returns the first key of a path below a table, if it is there.
fn inside<'a>(path: &'a str, table: &str) -> Option<&'a str> {
    let rest = match table {
        "" => path,
        table => path.strip_prefix(table)?.strip_prefix('.')?,
    };
    (!rest.contains('.')).then_some(rest)
}
