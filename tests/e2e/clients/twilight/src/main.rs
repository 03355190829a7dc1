//! Drives unmodified twilight crates by lines of JSON; see `src/driver.rs` for the words.

mod cut;
mod driver;

use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};
use std::thread;

use anyhow::{Context as _, Result, bail};
use driver::Driver;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use twilight_gateway::error::ReceiveMessageErrorType;
use twilight_gateway::{ConfigBuilder, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _};
use twilight_http::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let config = std::env::args().nth(1).context("usage: throng-e2e-twilight CONFIG")?;
    let config: Value = serde_json::from_str(&config)?;
    if let Err(error) = run(&config).await {
        tell(json!({ "event": "fatal", "reason": format!("{error:#}") }));
        return Err(error);
    }
    Ok(())
}

async fn run(config: &Value) -> Result<()> {
    let text = |key: &str| config[key].as_str().map(str::to_owned).context("a key is missing");
    let (token, gateway) = (text("token")?, text("gateway")?);
    let host = gateway.strip_prefix("ws://").context("not ws://")?.to_owned();
    let intents = Intents::GUILDS
        | Intents::GUILD_MEMBERS
        | Intents::GUILD_MESSAGES
        | Intents::MESSAGE_CONTENT;
    let settings = ConfigBuilder::new(token.clone(), intents).proxy_url(gateway).build();
    let http = Client::builder().token(token).proxy(host.clone(), true).build();
    let shard = Shard::with_config(ShardId::ONE, settings);
    let mut driver =
        Driver { shard, http, host, members: HashMap::new(), user: None, leaving: false };
    let mut orders = orders();
    loop {
        tokio::select! {
            event = driver.shard.next_event(EventTypeFlags::all()) => match event {
                Some(Ok(event)) => driver.hear(event)?,
                // The library reconnects by itself; the test must notice what cannot be read.
                Some(Err(error)) => match error.kind() {
                    ReceiveMessageErrorType::Reconnect => eprintln!("{error}: {error:?}"),
                    _ => bail!("{error}: {error:?}"),
                },
                None if driver.leaving => return Ok(()),
                None => bail!("closed for good"),
            },
            order = orders.recv() => match order {
                Some(order) => driver.obey(&order).await?,
                None => return Ok(()),
            },
        }
        if driver.leaving {
            return Ok(());
        }
    }
}

/// Reads orders on a thread of its own.
fn orders() -> mpsc::Receiver<Value> {
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
