//! What operators install is what the documents say.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use throng_e2e::{binary, part};

#[test]
fn a_split_binary_runs_and_leaves_its_symbols_apart() -> Result<()> {
    let whole = binary()?;
    let folder = tempfile::tempdir()?;
    let script = packaging().join("split.sh");
    succeed(Command::new("sh").arg(script).arg(&whole).arg(folder.path()))?;
    let shipped = folder.path().join("throng");
    let size = |path: &Path| std::fs::metadata(path).map(|file| file.len());
    ensure!(size(&shipped)? < size(&whole)? / 2, "{} of {}", size(&shipped)?, size(&whole)?);
    ensure!(size(&folder.path().join("throng.debug"))? > size(&shipped)? / 2, "few symbols");
    let said = succeed(Command::new(shipped).arg("--version"))?;
    ensure!(said.starts_with("throng "), "{said}");
    Ok(())
}

#[test]
fn shells_are_told_how_to_complete() -> Result<()> {
    let script = succeed(Command::new(binary()?).args(["completions", "bash"]))?;
    ensure!(script.contains("_throng()") && script.contains("--policy"), "{script}");
    Ok(())
}

#[test]
fn the_manual_page_is_what_the_binary_prints() -> Result<()> {
    let printed = succeed(Command::new(binary()?).arg("man"))?;
    let path = packaging().join("throng.1");
    if std::env::var_os("TIDY_WRITE").is_some() {
        std::fs::write(&path, &printed)?;
    }
    let kept = std::fs::read_to_string(&path)?;
    ensure!(kept == printed, "it has changed; TIDY_WRITE=1 cargo test -p throng-e2e manual_page");
    for word in [".TH throng 1", ".SH OPTIONS", "\\-\\-listen", "throng\\-backup"] {
        ensure!(printed.contains(word), "no {word} in {printed}");
    }
    Ok(())
}

#[test]
fn the_unit_is_one_that_systemd_takes() -> Result<()> {
    let unit = std::fs::read_to_string(packaging().join("throng.service"))?;
    let Some(systemd) = part("systemd-analyze", "systemd")? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    // It looks whether the binary is there.
    let installed = unit.replace("/usr/local/bin/throng", &binary()?.to_string_lossy());
    let path = folder.path().join("throng.service");
    std::fs::write(&path, installed)?;
    let output = Command::new(systemd).arg("verify").arg("--man=no").arg(&path).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<_> = said.lines().filter(|line| line.contains("throng.service")).collect();
    ensure!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}

#[test]
fn the_image_is_made_from_files_that_are_there() -> Result<()> {
    let text = std::fs::read_to_string(packaging().join("Containerfile"))?;
    for path in ["core/docs/packaging/split.sh", "scripts"] {
        ensure!(text.contains(path), "the image has no {path}");
        ensure!(root().join(path).exists(), "there is no {path}");
    }
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    ensure!(manifest.contains("[profile.symbols]") && text.contains("--profile symbols"));
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \""));
    let version = version.context("a version of Rust")?.trim_end_matches('"');
    ensure!(text.contains(&format!("rust:{version}-")), "the image is not built by Rust {version}");
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn packaging() -> PathBuf {
    root().join("core/docs/packaging")
}

/// Runs a command and returns what it says.
fn succeed(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} does not run"))?;
    let (out, err) = (&output.stdout, &output.stderr);
    let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    ensure!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    Ok(out.into_owned())
}
