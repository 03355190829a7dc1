//! The gateway's own description of its API.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// OpenAPI, as it is served.
#[derive(Debug)]
pub(crate) struct Document(pub(crate) Value);

impl Document {
    /// Lists `METHOD /path` of everything that answers with JSON.
    pub(crate) fn answering(&self) -> BTreeSet<String> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (path, method, operation))
        });
        operations
            .filter(|(_, _, operation)| {
                let mut answers = operation["responses"].as_object().into_iter().flatten();
                answers.any(|(status, answer)| status.starts_with('2') && schema(answer).is_some())
            })
            .map(|(path, method, _)| format!("{} {path}", method.to_uppercase()))
            .collect()
    }

    /// Compares an answer with what the description says of it.
    pub(crate) fn differs(&self, line: &str, status: u16, answer: &Value) -> Result<Vec<String>> {
        let (method, path) = line.split_once(' ').context("a method and a path")?;
        let operation = &self.0["paths"][path][method.to_lowercase()];
        let described = &operation["responses"][status.to_string()];
        if !described.is_object() {
            return Ok(vec![format!("{line}: {status} is not described")]);
        }
        Ok(match schema(described) {
            Some(schema) => self.compare(schema, answer, line),
            None if answer.is_null() => Vec::new(),
            None => vec![format!("{line}: {answer} is not described")],
        })
    }

    fn compare(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        if let Some(target) = schema["$ref"].as_str() {
            let target = self.0.pointer(target.trim_start_matches('#'));
            return target.map_or_else(Vec::new, |schema| self.compare(schema, value, place));
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let fits = choices.iter().any(|choice| self.compare(choice, value, place).is_empty());
            return if fits { Vec::new() } else { vec![format!("{place}: {value}")] };
        }
        if !is_of(&schema["type"], value) {
            return vec![format!("{place}: {value} is no {}", schema["type"])];
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let required = required.filter_map(Value::as_str).filter(|key| value.get(key).is_none());
        let mut faults: Vec<_> = required.map(|key| format!("{place}.{key}")).collect();
        if value.is_object() {
            for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
                let part = value.get(key).map(|part| (part, format!("{place}.{key}")));
                faults.extend(
                    part.map_or_else(Vec::new, |(part, place)| self.compare(schema, part, &place)),
                );
            }
        }
        for item in value.as_array().into_iter().flatten() {
            faults.extend(self.compare(&schema["items"], item, &format!("{place}[]")));
        }
        faults
    }
}

fn schema(answer: &Value) -> Option<&Value> {
    answer.pointer("/content/application~1json/schema")
}

/// Tells whether a value is of a type, or of one of several; nothing said is any.
fn is_of(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    match types {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}
