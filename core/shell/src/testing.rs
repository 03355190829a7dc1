//! Journals of any bytes, for tests of decoders and the fuzz target.

use throng_engine::deck::Story;

/// Reads records, each after its length in two bytes, and tells whether all could be read.
///
/// # Panics
///
/// What they tell of sessions does not fit together.
#[must_use]
pub fn journal(input: &[u8]) -> bool {
    let records = records(input);
    let mut story = Story::default();
    for record in &records {
        story.read(record);
    }
    let (read, story) = (story.unread() == 0, story.finish());
    assert!(story.fits_together(), "{story:?}");
    !records.is_empty() && read
}

fn records(mut input: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<2>() {
        let (record, rest) = rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()));
        records.push(record);
        input = rest;
    }
    records
}
