//! The same histories through the decoders of Python and Node, as client libraries call them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use throng_proto::wire::Wire;

use super::story::{Message, link};

const MESSAGES: usize = 10_000;
/// What discord.py uses when it finds it.
const ZSTANDARD: &str = "zstandard==0.25.0";
const PYTHON: &str = include_str!("decode.py");
const NODE: &str = include_str!("decode.js");

#[test]
fn python_reads_every_wire() {
    if !present("python3") {
        return;
    }
    let python = python_with_zstandard();
    for (name, wire) in compressed() {
        let files = write_story(&format!("python-{name}"), &link(wire, 21, MESSAGES));
        let output = run(Command::new(&python).args(["-c", PYTHON, name]).args(files));
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{MESSAGES} right"));
    }
}

#[test]
fn node_reads_every_wire() {
    if !present("node") {
        return;
    }
    for (name, wire) in compressed() {
        let files = write_story(&format!("node-{name}"), &link(wire, 22, MESSAGES));
        let output = run(Command::new("node").args(["-e", NODE, name]).args(files));
        let said = String::from_utf8_lossy(&output.stdout);
        if said.trim() == "no zstd" {
            println!("skipped: this node has no zstd (it came with 22.15)");
            continue;
        }
        assert_eq!(said.trim(), format!("{MESSAGES} right"));
    }
}

fn compressed() -> [(&'static str, Wire); 3] {
    [
        ("payload", Wire::PayloadZlib),
        ("zlib-stream", Wire::ZlibStream),
        ("zstd-stream", Wire::ZstdStream),
    ]
}

/// Tells whether a program is here; without it CI fails and others skip.
fn present(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found || !in_ci, "CI needs {program}");
    if !found {
        println!("skipped: no {program} on this machine");
    }
    found
}

/// Makes a virtual environment with the pinned package, once per target directory.
fn python_with_zstandard() -> PathBuf {
    let folder = target().join("e2e-codecs");
    let python = folder.join("bin/python");
    let ready = folder.join(ZSTANDARD);
    if !ready.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ZSTANDARD];
        run(Command::new(&python).args(install));
        fs::write(ready, "").expect("a mark that the installation is whole");
    }
    python
}

fn target() -> &'static Path {
    // Cargo gives tests `target/tmp`.
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory")
}

/// Writes frames and texts, each with its length in four bytes before it.
fn write_story(name: &str, story: &[Message]) -> [PathBuf; 2] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder under target");
    let [frames, texts] = [folder.join("frames"), folder.join("texts")];
    fs::write(&frames, records(story.iter().map(|message| &message.frame))).expect("frames");
    fs::write(&texts, records(story.iter().map(|message| &message.text))).expect("texts");
    [frames, texts]
}

fn records<'a>(all: impl Iterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    for one in all {
        out.extend_from_slice(&(one.len() as u32).to_le_bytes());
        out.extend_from_slice(one);
    }
    out
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {errors}");
    output
}
