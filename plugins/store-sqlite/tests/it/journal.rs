//! Journals as a crash leaves them.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use throng_ports::journal::Record;
use throng_ports::store::Store as _;

use crate::sample::open;

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

fn recovered(dir: &Path) -> Vec<Vec<Record>> {
    open(dir).journals().recover().unwrap()
}

#[test]
fn a_record_that_was_cut_off_ends_its_segment_only() {
    let dir = tempfile::tempdir().unwrap();
    let segments = sealed(dir.path());
    let whole = fs::metadata(&segments[0]).unwrap().len();
    for length in (whole - 13..whole).rev() {
        let file = OpenOptions::new().write(true).open(&segments[0]).unwrap();
        file.set_len(length).unwrap();
        assert_eq!(recovered(dir.path()), [[&b"first"[..], b"third", b"fourth"]], "{length}");
    }
}

#[test]
fn garbage_after_the_last_record_is_left_out() {
    for garbage in [&[0; 100][..], &[0xff; 100], b"\x01\0\0\0", b"\x01\0\0\0\0\0\0\0x"] {
        let dir = tempfile::tempdir().unwrap();
        let segments = sealed(dir.path());
        let mut file = OpenOptions::new().append(true).open(&segments[1]).unwrap();
        file.write_all(garbage).unwrap();
        let all = [[&b"first"[..], b"second", b"third", b"fourth"]];
        assert_eq!(recovered(dir.path()), all, "{garbage:?}");
    }
}

#[test]
fn a_flipped_bit_ends_its_segment_only() {
    let dir = tempfile::tempdir().unwrap();
    let segments = sealed(dir.path());
    let mut bytes = fs::read(&segments[0]).unwrap();
    bytes[9] ^= 1;
    fs::write(&segments[0], bytes).unwrap();
    assert_eq!(recovered(dir.path()), [[b"third".to_vec(), b"fourth".to_vec()]]);
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
    assert_eq!(recovered(dir.path()).concat().len(), 4);
    // The next run clears it away.
    let journals = open(dir.path()).journals();
    journals.begin(3).unwrap();
    assert!(!dir.path().join("sessions/2").exists());
    journals.seal().unwrap();
    assert!(!dir.path().join("sessions/1").exists());
    assert_eq!(journals.recover().unwrap(), vec![Vec::<Record>::new(); 3]);
}

#[test]
fn a_name_of_a_generation_that_is_not_there_recovers_nothing() {
    let dir = tempfile::tempdir().unwrap();
    sealed(dir.path());
    for current in ["77\n", "", "not a number"] {
        fs::write(dir.path().join("sessions/current"), current).unwrap();
        assert_eq!(recovered(dir.path()), Vec::<Vec<Record>>::new(), "{current:?}");
    }
    let journals = open(dir.path()).journals();
    journals.begin(1).unwrap();
    journals.seal().unwrap();
    assert_eq!(journals.recover().unwrap(), [Vec::<Record>::new()]);
}
