//! Finds the gateway's binary and the client library's examples, building each once where that is
//! needed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};

/// Finds the binary: `THRONG_BIN`, or what cargo builds beside the running test.
///
/// # Errors
///
/// Says why there is none; the first failure is remembered for all tests of the process.
pub(crate) fn throng() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

/// Finds an example of the client library, building all of them once.
///
/// # Errors
///
/// As [`throng`].
pub(crate) fn example(name: &str) -> Result<PathBuf> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let examples = ["-p", "throng-client", "--examples"];
        cargo_build(workspace(), &examples).map(drop).map_err(|error| format!("{error:#}"))
    });
    built.clone().map_err(anyhow::Error::msg)?;
    Ok(profile()?.join("examples").join(name))
}

/// Returns the workspace's `target/e2e`, where everything that tests install lies.
///
/// # Errors
///
/// Fails when the running test does not lie in a target directory.
pub(crate) fn scratch() -> Result<PathBuf> {
    let target = profile()?.parent().context("no target directory above the profile")?.to_owned();
    Ok(target.join("e2e"))
}

/// Returns the root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest)
}

/// Returns the cargo that runs this test, or the one on the path.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn build() -> Result<PathBuf> {
    if let Some(path) = env::var_os("THRONG_BIN") {
        return Ok(path.into());
    }
    Ok(cargo_build(workspace(), &["-p", "throng", "--bin", "throng"])?.join("throng"))
}

/// Builds what a folder has, with the profile of the running test and into its target directory;
/// returns where programs lie then.
pub(crate) fn cargo_build(folder: &Path, what: &[&str]) -> Result<PathBuf> {
    let profile = profile()?;
    let target = profile.parent().context("no target directory above the profile")?;
    // The directory of the profile `dev` has another name than the profile.
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let output = cargo()
        .current_dir(folder)
        .args(["build", "--quiet", "--profile", name])
        .args(what)
        .arg("--target-dir")
        .arg(target)
        .output()
        .context("cargo does not run")?;
    if !output.status.success() {
        bail!("{what:?} does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(profile)
}

/// Returns the directory of the running test's profile: it lies in its `deps`.
fn profile() -> Result<PathBuf> {
    let test = env::current_exe().context("no path of the running test")?;
    let profile =
        test.ancestors().nth(2).context("the running test lies in no target directory")?;
    Ok(profile.to_owned())
}
