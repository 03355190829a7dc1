//! The same fan-out as a small program of Erlang, where `erl` is installed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

/// What the program printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beam {
    pub(super) per_second: f64,
    /// Memory of one process.
    pub(super) bytes: f64,
}

/// Runs the program; `None` when there is no `erl`.
pub(super) fn run(
    sessions: usize,
    messages: usize,
    in_flight: usize,
) -> anyhow::Result<Option<Beam>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("erlang/fanout.erl");
    let folder = tempfile::tempdir()?;
    let Ok(compiled) = Command::new("erlc").arg("-o").arg(folder.path()).arg(&source).status()
    else {
        return Ok(None);
    };
    ensure!(compiled.success(), "{} does not compile", source.display());
    // A process table for all of them, and what the program itself needs.
    let processes = (sessions * 2).max(1 << 18).to_string();
    let output = Command::new("erl")
        .args(["-noshell", "+P", &processes, "-pa"])
        .arg(folder.path())
        .args(["-run", "fanout", "main"])
        .args([sessions, messages, in_flight].map(|number| number.to_string()))
        .output()
        .context("erl")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut numbers = printed.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(per_second)), Some(Ok(bytes))) => Ok(Some(Beam { per_second, bytes })),
        _ => anyhow::bail!(
            "erl printed {printed:?} and {:?}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}
