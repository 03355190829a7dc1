//! Payloads are types of `throng_proto::gateway`, and our own values are written in one way.

use throng_tidy::tree::File;

use crate::{none, rust_files};

/// Crates that send payloads, and make none of their own.
const SENDERS: &[&str] = &["core/engine/src/", "core/shell/src/"];
/// What JSON that is put together by hand looks like in code: a macro, or a text with a key.
const BY_HAND: &[&str] = &["json!", "{\\\"", "\\\":", ",\\\"", "\"{\"", "#\"{"];
/// What writes our own values, and where alone it is called.
const WRITING: &[&str] = &["serde_json::to_", "to_raw_value("];
const WRITER: &str = "core/proto/src/json.rs";
/// Crates whose values are all our own.
const OWNERS: &[&str] = &["core/engine/src/", "core/proto/src/", "core/shell/src/"];

#[test]
fn nobody_puts_a_payload_together_by_hand() {
    let advice = "a payload is a type of `throng_proto::gateway::payload`, with a golden text";
    none(found(SENDERS, |line| BY_HAND.iter().any(|sign| line.contains(sign)), advice));
}

#[test]
fn our_own_values_are_written_in_one_way() {
    let others = |line: &str| WRITING.iter().any(|call| line.contains(call));
    let advice = "write it with `throng_proto::json`, which says why that cannot fail";
    none(found(OWNERS, others, advice).into_iter().filter(|fault| !fault.starts_with(WRITER)));
}

/// Finds lines of code that are wrong, outside of tests and comments.
fn found(folders: &[&str], wrong: impl Fn(&str) -> bool, advice: &str) -> Vec<String> {
    let within = |file: &File| folders.iter().any(|folder| file.path.starts_with(folder));
    let mut faults = Vec::new();
    for file in rust_files().iter().filter(|file| within(file)) {
        let code = file.text.lines().count() - file.test_code().lines().count();
        let lines = file.lines().take(code).filter(|(_, line)| !line.trim().starts_with("//"));
        for (number, _) in lines.filter(|(_, line)| wrong(line)) {
            faults.push(format!("{}:{number}: {advice}", file.path));
        }
    }
    faults
}
