//! The rules of the house, one test each.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers fail and skip like tests")]

mod arrows;
mod circles;
mod documents;
mod door;
mod layout;
mod payloads;
mod shell;
mod text;

use throng_tidy::crates::{self, Member};
use throng_tidy::tree::{self, File};

fn files() -> Vec<File> {
    tree::files().expect("the files of the tree")
}

fn rust_files() -> Vec<File> {
    files().into_iter().filter(|file| file.is(&["rs"])).collect()
}

fn members() -> Vec<Member> {
    crates::members().expect("the crates of the workspace")
}

/// Fails with every fault, one a line.
#[track_caller]
fn none(faults: impl IntoIterator<Item = String>) {
    let faults: Vec<_> = faults.into_iter().collect();
    assert!(faults.is_empty(), "{} faults:\n{}\n", faults.len(), faults.join("\n"));
}
