//! What a section of settings holds.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::{BadSetting, Secret, Settings, Values};

/// Looks at the values of a section as a whole.
type Check = Arc<dyn Fn(&Values) -> Result<(), BadSetting> + Send + Sync>;

/// A section of settings: what it is about, and its keys in order.
#[derive(Clone, Default)]
pub struct Section {
    about: String,
    rows: Vec<Row>,
    checks: Vec<Check>,
}

/// One key of a section.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub key: &'static str,
    /// What it does, in a sentence with unit and range.
    pub about: String,
    /// What it holds.
    pub setting: Setting,
}

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Setting {
    /// A value with its default; null where there is none.
    Value(Value),
    /// A value that is never shown.
    Secret,
    /// A table of further keys.
    Table(Section),
}

impl Section {
    /// Begins a section without keys; says what it is about.
    #[must_use]
    pub fn new(about: &str) -> Self {
        Self { about: sentence(about), ..Self::default() }
    }

    /// Adds a key with its default and what it does.
    #[must_use]
    pub fn row<T: Serialize + 'static>(
        mut self,
        key: &'static str,
        default: &T,
        about: &str,
    ) -> Self {
        let setting = if TypeId::of::<T>() == TypeId::of::<Secret>() {
            Setting::Secret
        } else {
            // What is no JSON has no default to show.
            Setting::Value(serde_json::to_value(default).unwrap_or_default())
        };
        self.rows.push(Row { key, about: sentence(about), setting });
        self
    }

    /// Adds a table of further keys.
    #[must_use]
    pub fn table(mut self, key: &'static str, section: Self) -> Self {
        self.rows.push(Row { key, about: section.about.clone(), setting: Setting::Table(section) });
        self
    }

    /// Puts a key before all others.
    #[must_use]
    pub fn led_by<T: Serialize + 'static>(
        self,
        key: &'static str,
        default: &T,
        about: &str,
    ) -> Self {
        let mut led = self.row(key, default, about);
        led.rows.rotate_right(1);
        led
    }

    /// Lets values through that can be read as these settings.
    #[must_use]
    pub fn read_as<S: Settings>(self) -> Self {
        self.check(|values| S::read(values).map(drop))
    }

    /// Lets values through that pass a check of ranges, or of several keys together.
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&Values) -> Result<(), BadSetting> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push(Arc::new(check));
        self
    }

    /// What it is about.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Its keys.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Lists what is wrong with values: keys that there are not, and what no check lets through.
    #[must_use]
    pub fn problems(&self, values: &Values) -> Vec<BadSetting> {
        let mut problems = self.unknown(values);
        if problems.is_empty() {
            problems.extend(self.checks.iter().filter_map(|check| check(values).err()));
        }
        for (row, section) in self.tables() {
            let inside = section.problems(&values.table(row.key)).into_iter();
            problems.extend(inside.map(|problem| BadSetting {
                key: format!("{}.{}", row.key, problem.key),
                says: problem.says,
            }));
        }
        problems
    }

    fn unknown(&self, values: &Values) -> Vec<BadSetting> {
        let known = |key: &str| self.rows.iter().any(|row| row.key == key);
        let all: Vec<_> = self.rows.iter().map(|row| row.key).collect();
        let advice = match all.as_slice() {
            [] => "is no key; there is none here".to_owned(),
            all => format!("is no key; there are {}", all.join(", ")),
        };
        let unknown = values.keys().filter(|key| !known(key));
        unknown.map(|key| BadSetting { key: key.to_owned(), says: advice.clone() }).collect()
    }

    fn tables(&self) -> impl Iterator<Item = (&Row, &Self)> {
        self.rows.iter().filter_map(|row| match &row.setting {
            Setting::Table(section) => Some((row, section)),
            Setting::Value(_) | Setting::Secret => None,
        })
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section").field("about", &self.about).field("rows", &self.rows).finish()
    }
}

/// Joins the lines of a doc comment.
fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
