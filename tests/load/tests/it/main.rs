//! The program runs, with tiny sizes and a gateway that is built for tests; its figures mean
//! nothing then.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

#[test]
fn every_target_is_measured_and_nobody_loses_anything() -> Result<()> {
    let report = run(&["targets", "--smoke"])?;
    assert_eq!(figure(&report, "lost, doubled or out of order")?, 0.0);
    assert_eq!(figure(&report, "slow sessions that resumed")?, 100.0);
    let targets = rows(&report).filter(|row| !row["target"].is_null());
    assert!(targets.count() >= 15, "{report:#}");
    Ok(())
}

#[test]
fn sessions_that_come_and_go_get_everything_once_and_in_order() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let scenario = folder.path().join("restless.toml");
    let text = "
        about = 'Sessions that come and go while links post.'
        sessions = 40
        restless = 20
        reconnects_per_second = 40
        channels = 3
        publish = 'link'
        [[phase]]
        name = 'talk'
        messages = 60
        per_second = 60.0
        mention_percent = 10
    ";
    std::fs::write(&scenario, text)?;
    let report = run(&["run", "--hurry", scenario.to_str().context("not UTF-8")?])?;
    assert_eq!(figure(&report, "talk: lost, doubled or out of order")?, 0.0);
    let cut = figure(&report, "links that were cut")?;
    assert!(cut > 0.0);
    assert_eq!(figure(&report, "sessions that resumed")?, cut);
    Ok(())
}

#[test]
fn every_kind_of_attacker_is_refused_and_the_honest_lose_nothing() -> Result<()> {
    let report = run(&["attack", "--smoke"])?;
    let rows: Vec<_> = rows(&report).collect();
    let kinds = rows.iter().filter_map(|row| row["what"].as_str()?.strip_suffix(": taken"));
    let kinds: Vec<_> = kinds.collect();
    assert!(kinds.len() >= 10, "{kinds:?}");
    for kind in kinds {
        let figure = |what: &str| figure(&report, &format!("{kind}: {what}"));
        assert_eq!(figure("lost, doubled or out of order")?, 0.0, "{kind}");
        assert_eq!(figure("resumed with everything")?, 1.0, "{kind}");
        assert!(figure("limit has refused")? >= 1.0, "{kind}: {report:#}");
    }
    Ok(())
}

#[test]
fn the_floor_needs_no_gateway() -> Result<()> {
    let report = run(&["floor", "--sessions", "20"])?;
    assert!(figure(&report, "one at a time: deliveries")? > 0.0);
    Ok(())
}

#[test]
fn two_builds_are_compared_round_by_round() -> Result<()> {
    let build = gateway()?;
    let build = build.to_str().context("not UTF-8")?;
    let sizes = ["--sessions", "40", "--rounds", "3", "--smoke"];
    let report = run(&[&["pair", "--before", build, "--after", build][..], &sizes].concat())?;
    assert_eq!(figure(&report, "lost, doubled or out of order")?, 0.0);
    let ratios = rows(&report).filter(|row| row["what"].as_str().is_some_and(is_ratio));
    let ratios: Vec<_> = ratios.collect();
    assert!(ratios.len() >= 8, "{report:#}");
    assert!(ratios.iter().filter(|row| row["ends"].is_array()).count() >= 6, "{report:#}");
    Ok(())
}

fn is_ratio(what: &str) -> bool {
    what.ends_with("after / before") || what.ends_with("before / after")
}

/// Runs the program, and returns the figures that it wrote.
fn run(arguments: &[&str]) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let json = folder.path().join("figures.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_throng-load"));
    command.args(arguments).arg("--json").arg(&json);
    if !["floor", "pair"].contains(&arguments[0]) {
        command.arg("--binary").arg(gateway()?);
    }
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {said}");
    Ok(serde_json::from_str(&std::fs::read_to_string(json)?)?)
}

fn rows(report: &Value) -> impl Iterator<Item = &Value> {
    report["rows"].as_array().into_iter().flatten()
}

fn figure(report: &Value, what: &str) -> Result<f64> {
    let row = rows(report).find(|row| row["what"] == what);
    row.and_then(|row| row["figure"].as_f64()).with_context(|| format!("{what}: {report:#}"))
}

/// Returns the gateway that is built beside the program, or what `THRONG_BIN` names.
fn gateway() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

fn build() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("THRONG_BIN") {
        return Ok(path.into());
    }
    let profile = Path::new(env!("CARGO_BIN_EXE_throng-load")).parent().context("no profile")?;
    // The directory of the profile `dev` has another name than the profile.
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "-p", "throng", "--bin", "throng", "--profile", name])
        .arg("--target-dir")
        .arg(profile.parent().context("no target directory")?)
        .status()?;
    ensure!(built.success(), "the gateway does not build");
    Ok(profile.join("throng"))
}
