//! A crate outside of the workspace, as somebody makes who follows a page of ours.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::binary;

/// What begins a program, and what begins the dependencies, on a page.
const PROGRAM: &str = "```rust";
const DEPENDENCIES: &str = "```toml\n";
/// How the page names the library, and how a manifest elsewhere must.
const LIBRARY: &str = "../throng/core/gateway";

/// A crate with the programs of a page, each under its heading's last word.
#[derive(Debug)]
pub struct Stranger(PathBuf);

impl Stranger {
    /// Makes the crate from a page of `core/docs`, from nothing, and builds it with what the
    /// workspace was built with: no network, and the same target directory.
    ///
    /// # Errors
    ///
    /// The page has no programs, or one of them does not compile.
    pub fn follow(page: &str) -> Result<Self> {
        let folder = binary::scratch()?.join("stranger");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let programs = folder.join("src/bin");
        fs::create_dir_all(&programs)?;
        let page = fs::read_to_string(binary::workspace().join("core/docs").join(page))?;
        let sections: Vec<_> = page.split("\n## ").skip(1).collect();
        ensure!(!sections.is_empty(), "the page has no parts");
        for section in sections {
            let heading = section.lines().next().unwrap_or_default();
            let name = heading.rsplit(' ').next().unwrap_or_default().to_lowercase();
            let program = block(section, PROGRAM).with_context(|| format!("{heading}: none"))?;
            fs::write(programs.join(format!("stranger-{name}.rs")), program)?;
        }
        fs::write(folder.join("Cargo.toml"), manifest(&page)?)?;
        fs::copy(binary::workspace().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        Ok(Self(binary::cargo_build(&folder, &["--offline", "--bins"])?))
    }

    /// Returns one of its programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join(format!("stranger-{name}"))
    }
}

/// Returns what is in a fenced block whose fence begins so.
fn block<'a>(text: &'a str, fence: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(fence)?;
    let code = if fence.ends_with('\n') { rest } else { rest.split_once('\n')?.1 };
    Some(code.split_once("```")?.0)
}

/// Writes the manifest that the page asks for. With the profiles of the workspace, and what of
/// theirs is about its own crates, nothing is compiled twice.
fn manifest(page: &str) -> Result<String> {
    let dependencies = block(page, DEPENDENCIES).context("the page names no dependencies")?;
    let library = binary::workspace().join("core/gateway").display().to_string();
    ensure!(dependencies.contains(LIBRARY), "the page does not name {LIBRARY}");
    let dependencies = dependencies.replace(LIBRARY, &library);
    let workspace = fs::read_to_string(binary::workspace().join("Cargo.toml"))?;
    let profiles = workspace.find("[profile.").map_or("", |at| &workspace[at..]);
    let lock = fs::read_to_string(binary::workspace().join("Cargo.lock"))?;
    let ours = lock.split("[[package]]").filter(|package| !package.contains("\nsource = "));
    let ours: String = ours
        .filter_map(|package| package.split("name = \"").nth(1)?.split('"').next())
        .filter(|name| !name.contains("example"))
        .map(|name| {
            let settings = "opt-level = 0\ndebug = \"line-tables-only\"\n";
            format!("[profile.dev.package.{name}]\n{settings}")
        })
        .collect();
    let package = "[package]\nname = \"stranger\"\nversion = \"0.0.0\"\nedition = \"2024\"\n";
    Ok(format!("{package}\n[workspace]\n\n[dependencies]\n{dependencies}\n{profiles}\n{ours}"))
}
