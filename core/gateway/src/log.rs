//! Log lines.

mod lines;
mod repeats;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde_json::json;
use throng_proto::time::Timestamp;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogConfig, LogFormat};

pub(crate) use lines::{Counts, finish};

/// How lines look, once there are any.
static FORMAT: OnceLock<LogFormat> = OnceLock::new();

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
    let window = Duration::from_secs(config.repeats_window_secs);
    let bound = repeats::start(config.repeats_max, window);
    let registry = tracing_subscriber::registry().with(filter).with(bound);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| lines::Line)
        .with_ansi(colours)
        // It tells of a line that cannot be written by one that panics if it cannot.
        .log_internal_errors(false);
    // A second start goes on with the first one's form.
    _ = FORMAT.set(config.format);
    match config.format {
        LogFormat::Human => registry.with(lines.with_target(false)).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
    Ok(())
}

/// Says why the process fails, as the last thing.
pub(crate) fn fail(error: &anyhow::Error) {
    let sentence = sentence(error);
    if is_json() {
        tracing::error!("{sentence}");
        return finish();
    }
    finish();
    // Where nobody can be told, the exit code says it.
    _ = writeln!(io::stderr(), "throng: {sentence}");
}

/// Joins an error with its causes; those that it has told itself are not told again.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    error.chain().skip(1).fold(error.to_string(), |mut said, cause| {
        let cause = cause.to_string();
        if !said.ends_with(&cause) {
            said.push_str(": ");
            said.push_str(&cause);
        }
        said
    })
}

/// Tells whether everything that the gateway says is JSON.
fn is_json() -> bool {
    FORMAT.get() == Some(&LogFormat::Json)
}

/// Says something to whoever started the gateway, on standard output, in the form of the log's
/// lines. That nobody reads it is no reason not to go on.
pub(crate) fn say(text: &str) {
    let line = is_json().then(|| in_json(text));
    let text = line.as_deref().unwrap_or(text);
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
        tracing::debug!(%error, "standard output takes nothing");
    }
}

/// Prints a page as it is, for whoever has asked for it.
pub(crate) fn page(text: &str) {
    // Whoever reads may have had enough.
    _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Writes a text as the log writes its lines in JSON.
fn in_json(text: &str) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or_default());
    let fields = json!({ "message": text.trim() });
    json!({ "timestamp": now, "level": "INFO", "fields": fields, "target": "throng" }).to_string()
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::sentence;

    #[test]
    fn a_cause_is_told_once() {
        let told = io_error().context("the data is gone").context("it cannot start");
        assert_eq!(sentence(&told), "it cannot start: the data is gone: no such file");
        let twice = io_error().context("data: no such file").context("it cannot start");
        assert_eq!(sentence(&twice), "it cannot start: data: no such file");
    }

    fn io_error() -> anyhow::Error {
        anyhow!(std::io::Error::other("no such file"))
    }
}
