//! Reads the data of payloads: what matters is right or the payload is refused, and what does not
//! is left out.

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::DecodeError;
use crate::form::{self, Field, Form};

/// Makes the error for a key that is missing or of the wrong type.
pub(super) const fn wrong(key: &'static str) -> DecodeError {
    DecodeError::Key(key)
}

/// Reads an object; an array is none.
pub(super) fn object<T>(
    data: &Value,
    read: impl FnOnce(&Form<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let read = form::salvage_with(data, |field| field.object(|form| Some(read(form))));
    read.unwrap_or(Err(wrong("d")))
}

/// Reads a key that may be absent or null, but not wrong.
pub(super) fn optional<T>(
    form: &Form<'_>,
    key: &'static str,
    read: impl FnOnce(&Field<'_>) -> Option<T>,
) -> Result<Option<T>, DecodeError> {
    let field = form.field(key);
    if field.is_absent() {
        return Ok(None);
    }
    read(&field).map(Some).ok_or_else(|| wrong(key))
}

/// Reads a key that must be there.
pub(super) fn needed<T>(
    form: &Form<'_>,
    key: &'static str,
    read: impl FnOnce(&Field<'_>) -> Option<T>,
) -> Result<T, DecodeError> {
    optional(form, key, read)?.ok_or_else(|| wrong(key))
}

/// Reads how many: below zero, where some libraries start, is none.
pub(super) fn count(field: &Field<'_>) -> Option<u64> {
    let number = field.number::<i64>(i64::MIN..=i64::MAX);
    let small = number.map(|number| u64::try_from(number).unwrap_or(0));
    small.or_else(|| field.value()?.as_u64())
}

/// Reads the keys of an object in the client's order; what stands for nothing has none.
pub(super) fn entries<'a>(
    data: &'a str,
    key: &'static str,
) -> Result<IndexMap<String, &'a RawValue>, DecodeError> {
    if data.starts_with('{') {
        return Ok(serde_json::from_str(data)?);
    }
    if is_nothing(&serde_json::from_str(data)?) { Ok(IndexMap::new()) } else { Err(wrong(key)) }
}

/// Tells whether a value stands for nothing: some languages write an empty object as an empty list,
/// and the other way round.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(keys) => keys.is_empty(),
        _ => false,
    }
}
