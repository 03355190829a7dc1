//! What lies on a disk, which may be damaged or of an older build.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use throng_proto::model::{Channel, Guild, Invite, Message, Profile, Role, User};

/// A row is no row of its table, or reads back as it is written.
pub(crate) fn row(input: &[u8]) -> bool {
    // Each is tried with all tables: a key of another must not hurt.
    let taken = [
        reads_back::<User>(input),
        reads_back::<Profile>(input),
        reads_back::<Guild>(input),
        reads_back::<Role>(input),
        reads_back::<Channel>(input),
        reads_back::<Message>(input),
        reads_back::<Invite>(input),
    ];
    taken.contains(&true)
}

fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(input: &[u8]) -> bool {
    let Ok(row) = serde_json::from_slice::<T>(input) else { return false };
    let text = serde_json::to_string(&row).unwrap_or_default();
    let again = serde_json::from_str::<T>(&text);
    assert!(again.as_ref().is_ok_and(|again| *again == row), "{row:?} becomes {again:?} by {text}");
    true
}

/// Whole records of a segment are found, and what they tell of sessions fits together.
pub(crate) fn journal(input: &[u8]) -> bool {
    throng_plugin_store_sqlite::testing::segment(input);
    throng_shell::testing::journal(input)
}
