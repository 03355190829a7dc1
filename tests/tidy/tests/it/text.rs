//! What every file of source looks like.

use throng_tidy::tree::File;

use crate::{files, none, rust_files};

const COLUMNS_MAX: usize = 100;
const FILE_LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 700;
const LIB_LINES_MAX: usize = 200;
const MAIN_LINES_MAX: usize = 150;

/// How a file begins: with a sentence, or with the README that is its front page.
const HEADS: &[&str] = &["//! ", "#![doc = include_str!(\"../README.md\")]\n"];
/// Words that must not be left behind. Written in halves, so that this file has none.
const LEFT_BEHIND: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "do it, or open an issue"),
    (concat!("FIX", "ME"), "do it, or open an issue"),
    (concat!("todo", "!("), "write it"),
    (concat!("#[ig", "nore"), "a test runs or does not exist"),
    (concat!("#[should", "_panic"), "check the result instead"),
];
/// Ways to wait for nothing in particular.
const SLEEPS: &[&str] = &[concat!("thread::", "sleep"), concat!("time::", "sleep")];
/// How Prometheus' text begins a family, and who alone writes it.
const FAMILY: (&str, &str) = (concat!("# TY", "PE {"), "core/ports/src/metrics.rs");
/// Test files that may sleep, each with the reason.
const SLEEPERS: &[(&str, &str)] = &[
    ("tests/bench/src/big_guild/members/jobs.rs", "what is compared with a job is that none runs"),
    ("tests/bench/src/million.rs", "an idle session is weighed after it has been idle"),
    ("tests/bench/src/quic.rs", "an idle server is weighed after it has been idle"),
    ("tests/bench/src/review.rs", "what is measured takes its time"),
    ("tests/load/src/attack/siege.rs", "an attacker that cannot begin tries again a little later"),
    ("tests/load/src/attack/trial.rs", "attackers are at it for a while before they are measured"),
    ("tests/load/src/process.rs", "servers of others do not say when they listen"),
    ("tests/load/src/progress.rs", "a bar is drawn a few times a second"),
    ("tests/load/src/publish.rs", "messages are sent at a pace"),
    ("tests/load/src/run.rs", "an idle server is weighed after it has been idle"),
    ("tests/load/src/shard/quic.rs", "heartbeats are sent at a pace"),
];
/// Tests whose node has threads of its own.
const THREADED: &str = "core/shell/tests/";
/// Ways to look again and again. Whoever does keeps a core busy, or sleeps.
const LOOKS: &[&str] =
    &["interval(", "yield_now(", concat!("::sle", "ep("), concat!(" sle", "ep(")];
/// Tests of threads that may, each with the reason.
const LOOKERS: &[(&str, &str)] = &[
    ("core/shell/tests/it/world/look.rs", "the one place that waits for what does not tell"),
    ("core/shell/tests/it/delivery.rs", "readers stand still for a moment, by chance"),
    ("core/shell/tests/it/doors.rs", "an account is disabled at another moment each time"),
];

#[test]
fn every_file_says_what_it_is_for() {
    let says = |file: &File| HEADS.iter().any(|head| file.text.starts_with(head));
    let silent = rust_files().into_iter().filter(|file| !says(file));
    none(silent.map(|file| format!("{}:1: begin with a `//!` sentence", file.path)));
}

#[test]
fn no_file_is_long() {
    none(rust_files().iter().filter_map(|file| {
        let (lines, max) = (file.text.lines().count(), lines_max(file));
        (lines > max).then(|| format!("{}:{lines}: more than {max} lines; split it", file.path))
    }));
}

#[test]
fn no_line_is_long() {
    // An address cannot be broken.
    let long = |line: &str| line.chars().count() > COLUMNS_MAX && !line.contains("://");
    none(found(&rust_files(), long, "more than 100 columns; break it"));
}

#[test]
fn no_line_ends_in_white_space() {
    let kinds = ["js", "json", "md", "mjs", "py", "rhai", "rs", "sh", "toml", "yml"];
    let files: Vec<_> = files().into_iter().filter(|file| file.is(&kinds)).collect();
    none(found(&files, |line| line.trim_end() != line, "white space at the end; cut it"));
}

#[test]
fn nothing_is_left_to_do() {
    let kinds = ["js", "mjs", "py", "rhai", "rs", "sh", "toml"];
    let files: Vec<_> = files().into_iter().filter(|file| file.is(&kinds)).collect();
    for (word, advice) in LEFT_BEHIND {
        none(found(&files, |line| line.contains(word), &format!("`{word}`: {advice}")));
    }
}

#[test]
fn one_writer_knows_the_format_of_metrics() {
    let (start, writer) = FAMILY;
    let (own, others): (Vec<File>, Vec<File>) =
        rust_files().into_iter().partition(|file| file.path == writer);
    assert_eq!(own.iter().filter(|file| file.text.contains(start)).count(), 1, "it writes them");
    none(found(&others, |line| line.contains(start), "write it on a `metrics::Page`"));
}

#[test]
fn tests_do_not_sleep() {
    let awake = |file: &File| !SLEEPERS.iter().any(|(path, _)| *path == file.path);
    let files: Vec<_> =
        rust_files().into_iter().filter(|file| file.is_test() && awake(file)).collect();
    let sleeps = |line: &str| SLEEPS.iter().any(|call| line.contains(call));
    none(found(&files, sleeps, "a test that sleeps; wait for the event, or pause the clock"));
}

#[test]
fn tests_of_threads_wait_for_events() {
    let patient = |file: &File| LOOKERS.iter().any(|(path, _)| *path == file.path);
    let files: Vec<_> = rust_files()
        .into_iter()
        .filter(|file| file.path.starts_with(THREADED) && !patient(file))
        .collect();
    assert!(!files.is_empty(), "{THREADED} has tests");
    let looks = |line: &str| LOOKS.iter().any(|call| line.contains(call));
    none(found(
        &files,
        looks,
        "wait for an event, or with `found` or `becomes` of `world/look.rs`",
    ));
}

#[test]
fn programs_end_with_a_sentence_and_an_exit_code() {
    let debugs = |line: &str| {
        let main = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn main()");
        main.is_some_and(|rest| rest.contains("Result"))
    };
    let advice = "a Result is printed for programmers; say what failed and return an ExitCode";
    none(found(&rust_files(), debugs, advice));
}

fn lines_max(file: &File) -> usize {
    match file.path.rsplit('/').next() {
        Some("lib.rs") => LIB_LINES_MAX,
        Some("main.rs") => MAIN_LINES_MAX,
        _ if file.is_test() => TEST_LINES_MAX,
        _ => FILE_LINES_MAX,
    }
}

fn found(files: &[File], wrong: impl Fn(&str) -> bool, advice: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for (number, _) in file.lines().filter(|(_, line)| wrong(line)) {
            faults.push(format!("{}:{number}: {advice}", file.path));
        }
    }
    faults
}
