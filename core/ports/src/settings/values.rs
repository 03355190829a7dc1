//! Values of a section of settings, as they were set.

use std::any::TypeId;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{BadSetting, Secret};

/// What the keys of a section are set to, defaults among them.
#[derive(Clone, Default, PartialEq)]
pub struct Values(Map<String, Value>);

impl Values {
    /// Sets a key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Returns what a key is set to.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Reads a key; what is not set is read as null.
    ///
    /// # Errors
    ///
    /// The value is of another kind.
    pub fn get<T: DeserializeOwned + 'static>(&self, key: &str) -> Result<T, BadSetting> {
        let value = self.0.get(key).cloned().unwrap_or_default();
        serde_json::from_value(value).map_err(|error| BadSetting {
            key: key.to_owned(),
            says: if TypeId::of::<T>() == TypeId::of::<Secret>() {
                "must be a text in quotes; the value is not shown".to_owned()
            } else {
                format!("is wrong: {error}")
            },
        })
    }

    /// Reads all keys at once, as whatever serde makes of them.
    ///
    /// # Errors
    ///
    /// A key is unknown, or its value of another kind.
    pub fn all<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.0.clone()))
    }

    /// Returns the values of a table; none where there is no such table.
    #[must_use]
    pub fn table(&self, key: &str) -> Self {
        Self(self.0.get(key).and_then(Value::as_object).cloned().unwrap_or_default())
    }

    /// Leaves out some keys.
    #[must_use]
    pub fn without(mut self, keys: &[String]) -> Self {
        self.0.retain(|key, _| !keys.contains(key));
        self
    }

    /// Returns all values.
    #[must_use]
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// Names the keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl From<Map<String, Value>> for Values {
    fn from(values: Map<String, Value>) -> Self {
        Self(values)
    }
}

impl std::fmt::Debug for Values {
    /// Shows the keys alone: a value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}
