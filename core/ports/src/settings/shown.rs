//! Sections and values together: what is set where nothing was said, and what may be shown.

use serde_json::{Map, Value};

use super::secret::HIDDEN;
use super::section::{Section, Setting};
use super::values::Values;

impl Values {
    /// Returns the defaults of a section.
    #[must_use]
    pub fn of(section: &Section) -> Self {
        let value = |setting: &Setting| match setting {
            Setting::Value(default) => default.clone(),
            Setting::Secret => Value::String(String::new()),
            Setting::Table(inner) => Value::Object(Self::of(inner).into_map()),
        };
        let rows = section.rows().iter();
        Self::from(rows.map(|row| (row.key.to_owned(), value(&row.setting))).collect::<Map<_, _>>())
    }

    /// Returns the values as they may be shown, in the order of the section.
    #[must_use]
    pub fn shown(&self, section: &Section) -> Map<String, Value> {
        let mut shown = Map::new();
        for row in section.rows() {
            let value = match &row.setting {
                Setting::Value(_) => self.value(row.key).cloned().unwrap_or_default(),
                Setting::Secret => Value::String(self.hidden(row.key).to_owned()),
                Setting::Table(inner) => Value::Object(self.table(row.key).shown(inner)),
            };
            shown.insert(row.key.to_owned(), value);
        }
        shown
    }

    fn hidden(&self, key: &str) -> &'static str {
        let set = self.value(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if set { HIDDEN } else { "" }
    }
}
