//! What every place for journals must do, as a suite that each adapter runs.
//!
//! It also runs [`twin::all`], which breaks its journals on purpose, in one way for each check, and
//! sees the check fail.

pub mod twin;

use std::sync::Arc;

use super::{Found, Journal, Journals, Record};

macro_rules! checks {
    ($($doc:literal $check:ident = $function:ident;)*) => {
        /// One rule that every place for journals keeps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Check {
            $(#[doc = $doc] $check,)*
        }

        impl Check {
            /// Every check, in the order in which [`suite`] runs them.
            pub const ALL: &[Self] = &[$(Self::$check,)*];

            /// Checks the rule in a place that is new, or that the checks before have written to;
            /// `open` opens it again, after everything of the one before was dropped.
            ///
            /// # Panics
            ///
            /// The place breaks it.
            pub fn run(self, open: Open<'_>) {
                match self {
                    $(Self::$check => $function(open),)*
                }
            }
        }
    };
}

checks! {
    "A new place has nothing, and seals nothing."
    NewIsEmpty = a_new_place_has_nothing;
    "Sealed journals are recovered in their order, with every record."
    SealedComeBack = sealed_journals_are_recovered_in_order;
    "A generation that was not sealed is ignored."
    UnsealedIsIgnored = an_unsealed_generation_is_ignored;
    "Records may be anything, and come back as they were."
    RecordsAreAnything = records_may_be_anything;
    "Segments are kept until they are discarded, and then a gap is told."
    SegmentsAreKept = segments_are_kept_until_discarded;
    "A journal goes on when its generation is sealed."
    SealedGoesOn = a_sealed_journal_goes_on;
    "A generation may have no journals, and takes the place of the one before."
    MayBeEmpty = a_generation_may_be_empty;
}

/// Runs every check; `open` opens the same place again, after everything of the one before was
/// dropped.
///
/// # Panics
///
/// The place breaks its contract; the message says where.
pub fn suite(mut open: impl FnMut() -> Arc<dyn Journals>) {
    Check::ALL.iter().for_each(|check| check.run(&mut open));
}

/// Opens a place.
pub type Open<'a> = &'a mut dyn FnMut() -> Arc<dyn Journals>;

#[track_caller]
fn ok<T>(answer: std::io::Result<T>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("the journal refused: {error}"),
    }
}

fn found(journals: &dyn Journals) -> Vec<Vec<Found>> {
    ok(journals.recover())
}

/// Recovers journals that must be whole.
fn recovered(open: Open<'_>) -> Vec<Vec<Record>> {
    whole(found(&*open()))
}

fn whole(found: Vec<Vec<Found>>) -> Vec<Vec<Record>> {
    let record = |found| match found {
        Found::Record(record) => record,
        Found::Gap => panic!("nothing is missing, and a gap is told"),
    };
    found.into_iter().map(|journal| journal.into_iter().map(record).collect()).collect()
}

/// Begins a generation of journals that already hold `contents`, flushed.
fn begun(journals: &dyn Journals, contents: &[&[&[u8]]]) -> Vec<Box<dyn Journal>> {
    let mut begun = ok(journals.begin(contents.len()));
    assert_eq!(begun.len(), contents.len(), "as many journals as were asked for");
    for (journal, records) in begun.iter_mut().zip(contents) {
        records.iter().for_each(|record| journal.append(record));
        ok(journal.flush());
    }
    begun
}

fn a_new_place_has_nothing(open: Open<'_>) {
    assert_eq!(recovered(open), Vec::<Vec<Record>>::new());
    assert!(open().seal().is_err(), "nothing was begun");
}

fn sealed_journals_are_recovered_in_order(open: Open<'_>) {
    let journals = open();
    // More than nine: journals are in order of their numbers, not of their names.
    let names: Vec<[u8; 1]> = (0..12).map(|number| [number]).collect();
    let contents: Vec<[&[u8]; 2]> = names.iter().map(|name| [&name[..], b"second"]).collect();
    let contents: Vec<&[&[u8]]> = contents.iter().map(|records| &records[..]).collect();
    drop(begun(&*journals, &contents));
    ok(journals.seal());
    drop(journals);
    let found = recovered(open);
    assert_eq!(found, contents, "every journal with every record");
}

fn an_unsealed_generation_is_ignored(open: Open<'_>) {
    let before = recovered(open);
    let journals = open();
    drop(begun(&*journals, &[&[b"never sealed"]]));
    assert_eq!(whole(found(&*journals)), before);
    drop(journals);
    assert_eq!(recovered(open), before);
    let journals = open();
    drop(begun(&*journals, &[&[b"sealed"]]));
    ok(journals.seal());
    drop(journals);
    assert_eq!(recovered(open), [[b"sealed"]]);
}

fn records_may_be_anything(open: Open<'_>) {
    let journals = open();
    let long = vec![0xa5; 3 << 20];
    let records: [&[u8]; 5] = [b"", &[0; 64], &long, b"", b"\n"];
    drop(begun(&*journals, &[&records]));
    ok(journals.seal());
    drop(journals);
    assert!(recovered(open) == [records], "records come back as they were");
}

fn segments_are_kept_until_discarded(open: Open<'_>) {
    let places = open();
    let mut journals = begun(&*places, &[&[b"first"]]);
    let journal = &mut journals[0];
    assert!(journal.segment_bytes() >= 5);
    for segment in 1..12_u8 {
        ok(journal.rotate());
        assert_eq!(journal.segment_bytes(), 0);
        journal.append(&[segment]);
    }
    // Rotating flushes what the old segment was given; the last one is flushed by hand.
    ok(journal.flush());
    ok(places.seal());
    ok(journal.discard(20));
    assert_eq!(whole(found(&*places))[0].len(), 12);
    ok(journal.discard(3));
    drop(journals);
    drop(places);
    let kept = [9, 10, 11].map(|segment| Found::Record(vec![segment]));
    let [first, second, third] = kept;
    assert_eq!(found(&*open()), [[Found::Gap, first, second, third]]);
}

fn a_sealed_journal_goes_on(open: Open<'_>) {
    let places = open();
    let mut journals = begun(&*places, &[&[b"old"], &[]]);
    ok(places.seal());
    journals[1].append(b"after the seal");
    ok(journals[1].flush());
    journals[0].append(b"more");
    ok(journals[0].rotate());
    journals[0].append(b"new");
    ok(journals[0].flush());
    ok(journals[0].discard(0));
    drop(journals);
    drop(places);
    let record = |text: &[u8]| Found::Record(text.to_vec());
    let expected = [vec![Found::Gap, record(b"new")], vec![record(b"after the seal")]];
    assert_eq!(found(&*open()), expected);
}

fn a_generation_may_be_empty(open: Open<'_>) {
    let journals = open();
    drop(begun(&*journals, &[&[b"before"]]));
    ok(journals.seal());
    drop(begun(&*journals, &[]));
    ok(journals.seal());
    drop(journals);
    assert_eq!(recovered(open), Vec::<Vec<Record>>::new());
}
