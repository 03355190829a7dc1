//! What the binary says to whoever has started it wrongly.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use throng_e2e::binary;

/// Wrong command lines, and what each is told; `DIR` is a folder with `odd.toml`, `broken.toml` and
/// a file that is no folder.
const MISTAKES: &[(&[&str], &[&str])] = &[
    (&["--config", "DIR/none.toml"], &["none.toml is not there", "--config"]),
    (&["--config", "DIR/odd.toml"], &["there is no key `listn`", "there are listen, admin"]),
    (&["--config", "DIR/broken.toml"], &["broken.toml", "line 1"]),
    (&["--listen", "here"], &["'here'", "IP address with a port, such as 127.0.0.1:8080"]),
    (&["--data", "DIR/file/data"], &["file/data cannot be made", "--data"]),
    (&["policy", "check", "DIR/none.rhai"], &["none.rhai: it is not there", "name a script"]),
    (&["policy", "test", "DIR"], &["no script", "`throng policy new` makes one"]),
    (
        &["--policy", "DIR/none.rhai", "--data", "DIR/data"],
        &["policy cannot run", "none.rhai: there is no such file; name a script"],
    ),
    (&["--data", "DIR/nowhere", "backup", "DIR/copy.db"], &["nowhere"]),
];
/// What only programmers read.
const INSIDES: [&str; 6] = ["Error:", "Err(", "Some(", "kind:", "panicked", "stack backtrace"];

#[test]
fn whoever_starts_it_wrongly_is_told_in_a_sentence_what_would_be_right() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("odd.toml"), "listn = \"127.0.0.1:0\"\n")?;
    fs::write(folder.path().join("broken.toml"), "listen = \n")?;
    fs::write(folder.path().join("file"), "")?;
    let place = folder.path().to_string_lossy();
    for (words, right) in MISTAKES {
        let mut command = Command::new(binary()?);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("THRONG_")) {
            command.env_remove(name);
        }
        let words = words.iter().map(|word| word.replace("DIR", &place));
        command.args(words).stdin(Stdio::null());
        if !right[0].starts_with('\'') {
            command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        }
        let output = command.env("RUST_BACKTRACE", "1").output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(!output.status.success(), "{command:?} succeeds");
        for part in *right {
            ensure!(said.contains(part), "{command:?} does not say {part:?}: {said}");
        }
        let inside = INSIDES.iter().find(|inside| said.contains(**inside));
        ensure!(inside.is_none(), "{command:?} says {inside:?}: {said}");
    }
    Ok(())
}
