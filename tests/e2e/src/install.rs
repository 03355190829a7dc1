//! Installs the client libraries of others, pinned by their lock files, under `target/e2e`.
//!
//! Tests run at the same time in several threads and processes, so each library has a file lock,
//! and a stamp that is written last: a broken installation is done again from nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{Wire, binary, say};

/// A client library that the gateway must serve as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// discord.py, in Python.
    DiscordPy,
    /// discord.js, in Node.
    DiscordJs,
    /// twilight-gateway and twilight-http, in Rust.
    Twilight,
    /// hikari, in Python.
    Hikari,
    /// py-cord, in Python.
    Pycord,
    /// nextcord, in Python.
    Nextcord,
    /// serenity, in Rust.
    Serenity,
}

impl Library {
    /// Every library there is.
    pub const ALL: [Self; 7] = [
        Self::DiscordPy,
        Self::DiscordJs,
        Self::Twilight,
        Self::Hikari,
        Self::Pycord,
        Self::Nextcord,
        Self::Serenity,
    ];

    /// Returns its name, which is that of its folder in `clients/`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DiscordPy => "discordpy",
            Self::DiscordJs => "discordjs",
            Self::Twilight => "twilight",
            Self::Hikari => "hikari",
            Self::Pycord => "pycord",
            Self::Nextcord => "nextcord",
            Self::Serenity => "serenity",
        }
    }

    /// Tells whether it begins a new session when nobody listens where it wants to resume.
    #[must_use]
    pub fn forgets(self) -> bool {
        matches!(self, Self::DiscordJs | Self::Serenity)
    }

    /// Returns a compression that it has.
    #[must_use]
    pub fn wire(self) -> Wire {
        match self {
            Self::DiscordPy | Self::Twilight => Wire::Zstd,
            // Each payload is compressed by itself.
            Self::Serenity => Wire::Plain,
            _ => Wire::Zlib,
        }
    }
}

/// Tells whether every library can be driven here, each with a compression that it has; all of
/// them are installed.
///
/// # Errors
///
/// As [`driver`].
pub fn all_libraries() -> Result<bool> {
    for library in Library::ALL {
        if driver(library, library.wire())?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the command of a driver, installed first; `None`, with a printed reason, where the
/// tools for that are missing.
///
/// # Errors
///
/// Under `CI=true` a missing tool is an error.
pub fn driver(library: Library, wire: Wire) -> Result<Option<Command>> {
    let made = match library {
        Library::DiscordPy => python("discordpy", "discordpy"),
        Library::DiscordJs => node(),
        Library::Twilight => rust("twilight", wire),
        Library::Hikari => python("hikari", "hikari"),
        Library::Pycord => python("pycord", "pycord"),
        // A fork of the same library as py-cord, and driven alike.
        Library::Nextcord => python("nextcord", "pycord"),
        Library::Serenity => rust("serenity", wire),
    };
    match made {
        Ok(command) => Ok(Some(command)),
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => Err(error),
        Err(error) => {
            say(&format!("skipped: {} cannot be installed here: {error:#}", library.name()));
            Ok(None)
        }
    }
}

/// Installs a library, and returns the command of a driver in the folder of another, perhaps.
fn python(name: &str, driver: &str) -> Result<Command> {
    let source = clients(name);
    let folder = installed(name, &source.join("requirements.txt"), |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        run(Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--no-input", "--only-binary", ":all:", "-r"])
            .arg(source.join("requirements.txt")))
    })?;
    let mut command = Command::new(folder.join("bin/python"));
    command
        .arg("-u")
        .arg(clients(driver).join("driver.py"))
        .env("LIBRARY", name)
        .env("PYTHONPATH", clients("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

fn node() -> Result<Command> {
    let source = clients("discordjs");
    let folder = installed("discordjs", &source.join("package-lock.json"), |folder| {
        fs::create_dir_all(folder)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(source.join(file), folder.join(file))?;
        }
        run(Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"])
            .current_dir(folder))
    })?;
    let mut command = Command::new("node");
    command.arg(clients("discordjs").join("driver.mjs")).env("MODULES", folder);
    Ok(command)
}

/// Builds the drivers in Rust, all at once because they share most of what is compiled, and for one
/// compression: with twilight that is chosen then.
fn rust(name: &str, wire: Wire) -> Result<Command> {
    let target = binary::scratch()?.join("rust");
    let _lock = lock("rust")?;
    let mut cargo = binary::cargo();
    cargo
        .args(["build", "--quiet", "--locked", "--bins", "--manifest-path"])
        .arg(clients("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    if wire != Wire::Plain {
        cargo.args(["--features", &format!("throng-e2e-twilight/{}", wire.name())]);
    }
    run(&mut cargo)?;
    // The next build replaces what cargo left, perhaps while this one runs. A link and not a copy,
    // because a file that a forked process still holds for writing cannot be started.
    let kept = target.join(format!("{name}-{}", wire.name()));
    let fresh = target.join(format!("fresh-{name}-{}", wire.name()));
    drop(fs::remove_file(&fresh));
    fs::hard_link(target.join("debug").join(format!("throng-e2e-{name}")), &fresh)?;
    fs::rename(&fresh, &kept)?;
    Ok(Command::new(kept))
}

/// Returns the folder of what `install` installed from the lock file `pins`, now or before.
fn installed(
    name: &str,
    pins: &Path,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = binary::scratch()?.join(name);
    let stamp = binary::scratch()?.join(format!("{name}.stamp"));
    let _lock = lock(name)?;
    let pins = fs::read_to_string(pins).with_context(|| format!("read {pins:?}"))?;
    if folder.exists() && fs::read_to_string(&stamp).is_ok_and(|old| old == pins) {
        return Ok(folder);
    }
    if stamp.exists() {
        fs::remove_file(&stamp)?;
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    install(&folder)?;
    fs::write(&stamp, pins)?;
    Ok(folder)
}

/// Holds the lock of one library until it is dropped.
fn lock(name: &str) -> Result<File> {
    let scratch = binary::scratch()?;
    fs::create_dir_all(&scratch)?;
    let file = File::create(scratch.join(format!("{name}.lock")))?;
    file.lock()?;
    Ok(file)
}

fn clients(name: &str) -> PathBuf {
    binary::workspace().join("tests/e2e/clients").join(name)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?} does not run"))?;
    if !output.status.success() {
        let (out, err) = (&output.stdout, &output.stderr);
        let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
        bail!("{command:?}: {}\n{out}{err}", output.status);
    }
    Ok(())
}
