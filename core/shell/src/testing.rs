//! Journals of any bytes, for tests of decoders and the fuzz target.

use throng_ports::journal::{Found, Record};

use crate::journal::Story;

/// Reads records, each after its length in two bytes, and tells whether all could be read.
///
/// # Panics
///
/// What they tell of sessions does not fit together.
#[must_use]
pub fn journal(input: &[u8]) -> bool {
    let records = records(input);
    let found: Vec<_> = records.iter().cloned().map(Found::Record).collect();
    let story = Story::read(&found);
    for session in story.sessions.values() {
        assert!(session.opened <= story.dispatches.len(), "{session:?} opened in the future");
    }
    for dispatch in &story.dispatches {
        let told = dispatch.guild.is_none_or(|guild| story.told[&guild] >= dispatch.sequence);
        assert!(told, "{dispatch:?} is not told");
    }
    let mut anew = Story::default();
    !records.is_empty() && records.iter().all(|record| anew.take(record).is_some())
}

fn records(mut input: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<2>() {
        let (record, rest) = rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()));
        records.push(record.to_vec());
        input = rest;
    }
    records
}
