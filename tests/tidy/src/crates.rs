//! The crates of the workspace, as cargo tells them.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::tree;

/// One crate of the workspace.
#[derive(Clone, Debug)]
pub struct Member {
    /// Name of the package.
    pub name: String,
    /// Its folder, relative to the root.
    pub folder: String,
    /// What its manifest names.
    pub dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependencies.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Name of the package.
    pub name: String,
    /// Folder relative to the root when the package is ours.
    pub folder: Option<String>,
    /// Whether only tests, examples and benches use it.
    pub dev: bool,
}

/// Asks cargo for the crates, without the network.
///
/// # Errors
///
/// Cargo cannot be run, or a manifest is broken.
pub fn members() -> Result<Vec<Member>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(tree::root())
        .output()
        .context("cargo metadata does not start")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    Ok(array(&metadata["packages"]).iter().map(member).collect())
}

fn member(package: &Value) -> Member {
    let manifest = relative(text(&package["manifest_path"]));
    Member {
        name: text(&package["name"]).to_owned(),
        folder: manifest.trim_end_matches("Cargo.toml").trim_end_matches('/').to_owned(),
        dependencies: array(&package["dependencies"]).iter().map(dependency).collect(),
    }
}

fn dependency(entry: &Value) -> Dependency {
    Dependency {
        name: text(&entry["name"]).to_owned(),
        folder: entry["path"].as_str().map(relative),
        dev: entry["kind"].as_str() == Some("dev"),
    }
}

fn relative(path: &str) -> String {
    let root = tree::root().display().to_string();
    path.strip_prefix(&root).unwrap_or(path).trim_start_matches('/').to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
