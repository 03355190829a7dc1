//! Log lines.

mod lines;

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

pub(crate) use lines::{Counts, finish};

/// Starts to write log lines to standard error.
///
/// Nobody waits for a line, and nothing panics over one: what standard error does not take in time
/// is dropped and counted.
pub(crate) fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(&config.filter)
        .with_context(|| format!("`log.filter` is wrong: {}", config.filter))?;
    lines::start(io::stderr()).context("log lines cannot be written")?;
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| lines::Line)
        .with_ansi(colours)
        // It tells of a line that cannot be written by one that panics if it cannot.
        .log_internal_errors(false);
    match config.format {
        LogFormat::Human => lines.with_target(false).init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}

/// Says something to whoever started the gateway, on standard output. That nobody reads it is no
/// reason not to go on.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
        tracing::debug!(%error, "standard output takes nothing");
    }
}
