//! Journals as crashes and damage leave them.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use throng_ports::journal::Found;
use throng_ports::store::Store as _;

use crate::sample::open;

fn record(text: &[u8]) -> Found {
    Found::Record(text.to_vec())
}

/// Seals one journal of two segments, each with two records, and returns the segments' files.
fn sealed(dir: &Path) -> [PathBuf; 2] {
    let journals = open(dir).journals();
    let mut journal = journals.begin(1).unwrap().remove(0);
    journal.append(b"first");
    journal.append(b"second");
    journal.rotate().unwrap();
    journal.append(b"third");
    journal.append(b"fourth");
    journal.flush().unwrap();
    journals.seal().unwrap();
    ["0.log", "1.log"].map(|segment| dir.join("sessions/1/0").join(segment))
}

fn recovered(dir: &Path) -> Vec<Vec<Found>> {
    open(dir).journals().recover().unwrap()
}

fn whole() -> Vec<Found> {
    [&b"first"[..], b"second", b"third", b"fourth"].map(record).to_vec()
}

#[test]
fn a_record_that_was_cut_off_leaves_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let segments = sealed(dir.path());
    assert_eq!(recovered(dir.path()), [whole()]);
    let bytes = fs::read(&segments[0]).unwrap();
    for length in (bytes.len() - 13..bytes.len()).rev() {
        fs::write(&segments[0], &bytes[..length]).unwrap();
        let mut expected = whole();
        expected[1] = Found::Gap;
        assert_eq!(recovered(dir.path()), [expected], "{length}");
    }
}

#[test]
fn garbage_after_the_last_record_is_left_out() {
    for garbage in [&[0; 100][..], &[0xff; 100], b"\x01\0\0\0", b"\x01\0\0\0\0\0\0\0x"] {
        let dir = tempfile::tempdir().unwrap();
        let segments = sealed(dir.path());
        let bytes = [&fs::read(&segments[1]).unwrap(), garbage].concat();
        fs::write(&segments[1], bytes).unwrap();
        assert_eq!(recovered(dir.path()), [whole()], "{garbage:?}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let segments = sealed(dir.path());
    let bytes = fs::read(&segments[0]).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&segments[0], flipped).unwrap();
        let [found] = recovered(dir.path()).try_into().unwrap();
        let kept = found.iter().position(|found| *found == Found::Gap).expect("a gap is told");
        assert!(kept < 2, "bit {bit}");
        assert_eq!(found[..kept], whole()[..kept], "bit {bit}");
        assert_eq!(found[kept + 1..], whole()[2..], "bit {bit}");
    }
}

#[test]
fn journals_of_an_older_gateway_are_dropped_without_an_error() {
    let dir = tempfile::tempdir().unwrap();
    sealed(dir.path());
    // The first format: a number as the name in force, and records from the first byte on.
    fs::write(dir.path().join("sessions/current"), "1\n").unwrap();
    let old = b"\x05\0\0\0\x01\x02\x03\x04first";
    fs::write(dir.path().join("sessions/1/0/0.log"), old).unwrap();
    assert_eq!(recovered(dir.path()), Vec::<Vec<Found>>::new());
    let journals = open(dir.path()).journals();
    journals.begin(1).unwrap();
    journals.seal().unwrap();
    assert_eq!(journals.recover().unwrap(), [Vec::new()]);
}

#[test]
fn a_run_that_died_before_its_seal_leaves_the_older_one_in_force() {
    let dir = tempfile::tempdir().unwrap();
    sealed(dir.path());
    let journals = open(dir.path()).journals();
    let mut journal = journals.begin(1).unwrap().remove(0);
    journal.append(b"unsealed");
    journal.flush().unwrap();
    drop(journals);
    assert!(dir.path().join("sessions/2").exists());
    assert_eq!(recovered(dir.path()), [whole()]);
    // The next run clears it away.
    let journals = open(dir.path()).journals();
    journals.begin(3).unwrap();
    assert!(!dir.path().join("sessions/2/0/1.log").exists());
    journals.seal().unwrap();
    assert!(!dir.path().join("sessions/1").exists());
    assert_eq!(journals.recover().unwrap(), vec![Vec::<Found>::new(); 3]);
}

#[test]
fn a_name_of_a_generation_that_is_not_there_recovers_nothing() {
    let dir = tempfile::tempdir().unwrap();
    sealed(dir.path());
    for current in ["77 0\n", "", "not a number", "1 0\n", "1\n"] {
        fs::write(dir.path().join("sessions/current"), current).unwrap();
        let left: Vec<Found> = recovered(dir.path()).concat();
        assert_eq!(left, Vec::<Found>::new(), "{current:?}");
    }
    let journals = open(dir.path()).journals();
    journals.begin(1).unwrap();
    journals.seal().unwrap();
    assert_eq!(journals.recover().unwrap(), [Vec::<Found>::new()]);
}

/// What happens to the files of a journal.
#[derive(Clone, Debug)]
enum Damage {
    /// One bit of one file is another.
    Flip(usize, usize),
    /// A file ends earlier.
    Cut(usize, usize),
    /// A part of a file is zeros, as after a power failure.
    Zero(usize, usize, usize),
    /// A file is gone.
    Remove(usize),
    /// Two files have changed places.
    Swap(usize, usize),
    /// One file is there again under another's name.
    Copy(usize, usize),
    /// A file is as it was before its last records.
    Older(usize),
    /// A file is another journal's.
    Foreign(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let any = any::<usize>;
    prop_oneof![
        (any(), any()).prop_map(|(file, bit)| Damage::Flip(file, bit)),
        (any(), any()).prop_map(|(file, length)| Damage::Cut(file, length)),
        (any(), any(), any()).prop_map(|(file, from, to)| Damage::Zero(file, from, to)),
        any().prop_map(Damage::Remove),
        (any(), any()).prop_map(|(one, other)| Damage::Swap(one, other)),
        (any(), any()).prop_map(|(from, to)| Damage::Copy(from, to)),
        any().prop_map(Damage::Older),
        any().prop_map(Damage::Foreign),
    ]
}

/// Two journals of several segments; the records of each tell their number.
struct Sealed {
    files: Vec<PathBuf>,
    older: Vec<Vec<u8>>,
    foreign: PathBuf,
}

fn seal(dir: &Path, lengths: &[Vec<usize>]) -> Sealed {
    let journals = open(dir).journals();
    let mut both = journals.begin(2).unwrap();
    let of = |journal: usize| dir.join("sessions/1").join(journal.to_string());
    let (mut number, mut older) = (0_u32, Vec::new());
    for (segment, lengths) in lengths.iter().enumerate() {
        let path = of(0).join(format!("{segment}.log"));
        let mut before = Vec::new();
        for (at, length) in lengths.iter().enumerate() {
            if at + 1 == lengths.len() {
                both[0].flush().unwrap();
                before = fs::read(&path).unwrap();
            }
            for journal in &mut both {
                journal.append(&[&number.to_le_bytes()[..], &vec![7; *length]].concat());
            }
            number += 1;
        }
        older.push(before);
        both.iter_mut().for_each(|journal| journal.rotate().unwrap());
    }
    journals.seal().unwrap();
    let files = (0..lengths.len()).map(|segment| of(0).join(format!("{segment}.log"))).collect();
    Sealed { files, older, foreign: of(1) }
}

impl Sealed {
    fn suffer(&self, damage: &Damage) {
        let at = |file: &usize| file % self.files.len();
        let path = |file: &usize| &self.files[at(file)];
        let read = |file: &usize| fs::read(path(file)).unwrap_or_default();
        match damage {
            Damage::Flip(file, bit) => {
                let mut bytes = read(file);
                let bits = bytes.len() * 8;
                if bits > 0 {
                    bytes[bit % bits / 8] ^= 1 << (bit % 8);
                }
                fs::write(path(file), bytes).unwrap();
            }
            Damage::Cut(file, length) => {
                let bytes = read(file);
                fs::write(path(file), &bytes[..length % (bytes.len() + 1)]).unwrap();
            }
            Damage::Zero(file, from, to) => {
                let mut bytes = read(file);
                let (from, to) = (from % (bytes.len() + 1), to % (bytes.len() + 1));
                bytes[from.min(to)..from.max(to)].fill(0);
                fs::write(path(file), bytes).unwrap();
            }
            Damage::Remove(file) => drop(fs::remove_file(path(file))),
            Damage::Swap(one, other) => {
                let (first, second) = (read(one), read(other));
                fs::write(path(one), second).unwrap();
                fs::write(path(other), first).unwrap();
            }
            Damage::Copy(from, to) => fs::write(path(to), read(from)).unwrap(),
            Damage::Older(file) => fs::write(path(file), &self.older[at(file)]).unwrap(),
            Damage::Foreign(file) => {
                let foreign = self.foreign.join(format!("{}.log", at(file)));
                fs::write(path(file), fs::read(foreign).unwrap()).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_a_gap_and_never_another_record(
        lengths in vec(vec(0..200_usize, 1..8), 1..6),
        damages in vec(damage(), 1..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let sealed = seal(dir.path(), &lengths);
        damages.iter().for_each(|damage| sealed.suffer(damage));
        let [found, other] = recovered(dir.path()).try_into().unwrap();
        let lengths: Vec<usize> = lengths.concat();
        prop_assert_eq!(other.len(), lengths.len(), "the other journal is whole");
        let mut next = 0;
        let mut gap = false;
        for found in found {
            let Found::Record(record) = found else {
                prop_assert!(!gap, "two gaps in a row");
                gap = true;
                continue;
            };
            let number = u32::from_le_bytes(*record.first_chunk().unwrap()) as usize;
            prop_assert_eq!(record.len(), 4 + lengths[number], "it is as it was");
            prop_assert!(record[4..].iter().all(|byte| *byte == 7), "it is as it was");
            if gap {
                prop_assert!(number > next, "nothing is missing between {} and {}", next, number);
            } else {
                prop_assert_eq!(number, next, "what is missing is told");
            }
            (next, gap) = (number + 1, false);
        }
    }
}
