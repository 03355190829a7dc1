//! JSON as somebody writes it who means no good: keys may repeat, and values need be none.

use serde_json::Value;

/// A body, or a part of one.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// Written as it is.
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(keys) => {
                Self::Object(keys.iter().map(|(key, item)| (key.clone(), item.into())).collect())
            }
            leaf => Self::Text(leaf.to_string()),
        }
    }
}

impl Tree {
    /// Counts the values in it, itself too.
    pub(super) fn size(&self) -> usize {
        1 + match self {
            Self::Text(_) => 0,
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Object(keys) => keys.iter().map(|(_, item)| item.size()).sum(),
        }
    }

    /// Returns the value with this number, counted from the outside in.
    pub(super) fn at(&mut self, number: usize) -> Option<&mut Self> {
        let Some(mut rest) = number.checked_sub(1) else { return Some(self) };
        let items: Vec<&mut Self> = match self {
            Self::Text(_) => Vec::new(),
            Self::List(items) => items.iter_mut().collect(),
            Self::Object(keys) => keys.iter_mut().map(|(_, item)| item).collect(),
        };
        for item in items {
            let size = item.size();
            if rest < size {
                return item.at(rest);
            }
            rest -= size;
        }
        None
    }

    /// Writes it.
    pub(super) fn text(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(",");
        match self {
            Self::Text(text) => text.clone(),
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::text).collect())),
            Self::Object(keys) => {
                let pair = |(key, item): &(String, Self)| {
                    format!("{}:{}", Value::from(key.as_str()), item.text())
                };
                format!("{{{}}}", joined(keys.iter().map(pair).collect()))
            }
        }
    }
}
