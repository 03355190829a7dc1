//! Our own values as JSON, in the one way that cannot fail.
//!
//! JSON can refuse three things: a map whose keys are neither texts nor numbers, a `Serialize` that
//! says no, and a writer that is full. What is written here is made of structs, lists, texts,
//! numbers and maps with keys of text, whose `Serialize` never says no; and memory takes any write.
//! So these functions return what they wrote. Should a type ever break that, its first value is
//! found at once by the panic, where an empty text instead would be sent to somebody, or kept for
//! good.
//!
//! Text of others is no value of ours: it is read with errors, and never written by these.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Writes a value as text.
#[must_use]
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    sure(serde_json::to_string(value))
}

/// Writes a value as text that stands in another value as it is.
#[must_use]
pub fn raw<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    sure(serde_json::value::to_raw_value(value))
}

/// Makes a tree of a value, for what is looked into or changed by its keys.
#[must_use]
pub fn tree<T: Serialize + ?Sized>(value: &T) -> Value {
    sure(serde_json::to_value(value))
}

/// Writes a value at the end of some bytes.
pub fn append<T: Serialize + ?Sized>(bytes: &mut Vec<u8>, value: &T) {
    sure(serde_json::to_writer(bytes, value));
}

/// Writes the keys of a struct with their values, without the braces around them: for objects that
/// are put together of parts, each of which is shared by others than the next.
#[must_use]
pub fn keys<T: Serialize + ?Sized>(value: &T) -> String {
    let mut text = text(value);
    let braces = text.pop() == Some('}') && text.starts_with('{');
    assert!(braces, "only what has keys is a part of an object");
    text.remove(0);
    text
}

fn sure<T>(written: serde_json::Result<T>) -> T {
    written.unwrap_or_else(|error| unreachable!("our own values are always JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_form_says_the_same() {
        let value = BTreeMap::from([("a", Some(1)), ("b", None)]);
        let all = r#"{"a":1,"b":null}"#;
        let mut bytes = b"x".to_vec();
        append(&mut bytes, &value);
        assert_eq!((text(&value).as_str(), raw(&value).get()), (all, all));
        assert_eq!(
            (tree(&value).to_string().as_str(), bytes.as_slice()),
            (all, &b"x{\"a\":1,\"b\":null}"[..])
        );
        assert_eq!(keys(&value), r#""a":1,"b":null"#);
        assert_eq!(keys(&BTreeMap::<String, u8>::new()), "");
    }
}
