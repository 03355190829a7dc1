//! Rows that cannot be read: each is passed over, counted, and named once in the log.
//!
//! What a row holds was written by this store, but perhaps by an older gateway that took more than
//! this one, or by somebody else's hand. One of them must not keep others from being read.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, PoisonError, RwLock};

use serde_json::value::RawValue;
use throng_ports::store::StoreError;
use throng_proto::model::Message;

use crate::failure::Failure;
use crate::query::Outcome;

/// Rows that the log names; of further ones only the count is known.
const NAMED_MAX: usize = 1_000;

// The process's: readers, and whoever asks for the count, share nothing else.
static SEEN: AtomicU64 = AtomicU64::new(0);
static NAMED: LazyLock<RwLock<HashSet<(&'static str, i64)>>> = LazyLock::new(RwLock::default);

/// Returns how often a row could not be read.
pub(crate) fn count() -> u64 {
    SEEN.load(Ordering::Relaxed)
}

/// Passes over a row that cannot be read. Any other failure stays one.
pub(crate) fn pass_over<T>(table: &'static str, id: i64, read: Outcome<T>) -> Outcome<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(Failure(StoreError::Unreadable(why))) => {
            note(table, id, &why);
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn note(table: &'static str, id: i64, why: &str) {
    SEEN.fetch_add(1, Ordering::Relaxed);
    let row = (table, id);
    if NAMED.read().unwrap_or_else(PoisonError::into_inner).contains(&row) {
        return;
    }
    let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
    if named.len() < NAMED_MAX && named.insert(row) {
        tracing::error!(table, id, why, "a row cannot be read and is passed over");
    }
}

/// What of a message can be left out, and what is put in its place.
const OPTIONAL: [(&str, Option<&str>); 8] = [
    ("referenced_message", None),
    ("components", Some("[]")),
    ("embeds", Some("[]")),
    ("attachments", Some("[]")),
    ("message_reference", None),
    ("nonce", None),
    ("mentions", Some("[]")),
    ("mention_roles", Some("[]")),
];
/// What a message cannot be without, or that is only a number or a sign.
const CORE: [&str; 10] = [
    "id",
    "channel_id",
    "author",
    "content",
    "timestamp",
    "edited_timestamp",
    "type",
    "flags",
    "pinned",
    "mention_everyone",
];

/// Reads a message; what of it cannot be read, or nests too deep, is left out when the rest can.
pub(crate) fn message(text: &str) -> Outcome<Message> {
    serde_json::from_str(text).or_else(|error| salvage(text).ok_or_else(|| Failure::from(error)))
}

fn salvage(text: &str) -> Option<Message> {
    // Values are not looked into here, so their depth does not matter.
    let parts: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let without = |left_out: &dyn Fn(&str) -> bool| {
        let mut kept: BTreeMap<&str, &str> =
            parts.iter().map(|(key, value)| (&**key, value.get())).collect();
        kept.retain(|key, _| !left_out(key));
        for (key, instead) in OPTIONAL {
            if let Some(instead) = instead {
                kept.entry(key).or_insert(instead);
            }
        }
        let body: Vec<String> =
            kept.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        serde_json::from_str(&format!("{{{}}}", body.join(","))).ok()
    };
    let one = OPTIONAL.into_iter().find_map(|(key, _)| without(&|other| other == key));
    one.or_else(|| without(&|key| !CORE.contains(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(key: &str, value: &str) -> String {
        let parts = [
            ("id", "\"7\""),
            ("channel_id", "\"2\""),
            ("author", r#"{"id":"9","username":"ann"}"#),
            ("content", "\"hello\""),
            ("timestamp", "\"2020-01-01T00:00:00.000000+00:00\""),
            ("edited_timestamp", "null"),
            ("mentions", "[]"),
            ("mention_roles", "[]"),
            ("attachments", "[]"),
            ("embeds", "[]"),
            ("type", "0"),
            ("components", "[]"),
        ];
        let parts = parts.into_iter().filter(|(other, _)| *other != key).chain([(key, value)]);
        let parts: Vec<String> = parts.map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", parts.join(","))
    }

    fn deep(open: &str, close: &str, depth: usize) -> String {
        format!("{}1{}", open.repeat(depth), close.repeat(depth))
    }

    #[test]
    fn what_older_gateways_took_is_left_out_of_a_message() {
        let embed = deep("{\"a\":", "}", 127);
        let reply = body("embeds", &format!("[{embed}]"));
        for (key, value) in [
            ("embeds", format!("[{embed}]")),
            ("embeds", deep("[", "]", 5_000)),
            ("components", deep("[", "]", 200)),
            ("attachments", "{\"0\":1}".to_owned()),
            ("referenced_message", reply),
            ("nonce", "[1]".to_owned()),
            ("mentions", "[5]".to_owned()),
            ("poll", deep("[", "]", 500)),
        ] {
            let read = message(&body(key, &value)).map_err(|failure| failure.0).unwrap();
            assert_eq!(read.content, "hello", "{key}");
        }
    }

    #[test]
    fn a_message_without_its_core_cannot_be_read() {
        for text in ["", "{", "null", "{}", "[]", &body("author", "5"), &body("id", "\"x\"")] {
            let read = message(text);
            assert!(matches!(read, Err(Failure(StoreError::Unreadable(_)))), "{text}");
        }
    }
}
