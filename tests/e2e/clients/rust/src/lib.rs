//! How drivers in Rust are spoken to: by lines of JSON; see `src/driver.rs` for the words.

mod cut;

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, Result};
use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Where the gateway is, and who the driver is there.
pub struct Config {
    /// Token of a bot.
    pub token: String,
    /// Address of the gateway, `ws://…`.
    pub gateway: String,
    /// Host and port of it and of the HTTP API.
    pub host: String,
}

/// Reads what the driver was started with, and has it driven; tells what it fails of.
pub async fn drive(driver: impl AsyncFnOnce(Config) -> Result<()>) -> ExitCode {
    let driven = match config() {
        Ok(config) => driver(config).await,
        Err(error) => Err(error),
    };
    let Err(error) = driven else { return ExitCode::SUCCESS };
    tell(json!({ "event": "fatal", "reason": format!("{error:#}") }));
    eprintln!("driver: {error:#}");
    ExitCode::FAILURE
}

fn config() -> Result<Config> {
    let config = std::env::args().nth(1).context("usage: DRIVER CONFIG")?;
    let config: Value = serde_json::from_str(&config)?;
    let text = |key: &str| config[key].as_str().map(str::to_owned).context("a key is missing");
    let gateway = text("gateway")?;
    let host = gateway.strip_prefix("ws://").context("not ws://")?.to_owned();
    Ok(Config { token: text("token")?, gateway, host })
}

/// Reads orders on a thread of its own.
pub fn orders() -> mpsc::Receiver<Value> {
    let (sender, orders) = mpsc::channel(16);
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(order) = serde_json::from_str(&line) else { return };
            if sender.blocking_send(order).is_err() {
                return;
            }
        }
    });
    orders
}

/// Writes one line for the test.
pub fn tell(event: Value) {
    let mut out = std::io::stdout().lock();
    // When nobody reads, nobody waits for it.
    drop(writeln!(out, "{event}").and_then(|()| out.flush()));
}

/// Returns what an order says of `key`.
pub fn text<'a>(order: &'a Value, key: &str) -> Result<&'a str> {
    order[key].as_str().with_context(|| format!("no {key} in {order}"))
}

/// Returns the id that an order names.
pub fn id(order: &Value, key: &str) -> Result<u64> {
    Ok(text(order, key)?.parse()?)
}

/// Cuts every connection to `host`, and stops, so that nothing is resumed before the test says so.
pub fn drop_connections(host: &str) -> Result<()> {
    cut::connections_to(host)?;
    tell(json!({ "event": "dropped" }));
    Ok(kill_process(getpid(), Signal::STOP)?)
}
