//! Drives unmodified twilight crates.

mod commands;
mod driver;
mod obedience;

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::{Result, bail};
use driver::Driver;
use lines::Config;
use twilight_gateway::error::ReceiveMessageErrorType;
use twilight_gateway::{ConfigBuilder, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _};
use twilight_http::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lines::drive(run).await
}

async fn run(config: Config) -> Result<()> {
    let Config { token, gateway, host } = config;
    let intents = Intents::GUILDS
        | Intents::GUILD_MEMBERS
        | Intents::GUILD_PRESENCES
        | Intents::GUILD_MESSAGES
        | Intents::GUILD_MESSAGE_REACTIONS
        | Intents::MESSAGE_CONTENT;
    let settings = ConfigBuilder::new(token.clone(), intents).proxy_url(gateway).build();
    let http = Client::builder().token(token).proxy(host.clone(), true).build();
    let shard = Shard::with_config(ShardId::ONE, settings);
    let mut driver =
        Driver { shard, http, host, members: HashMap::new(), user: None, leaving: false };
    let mut orders = lines::orders();
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
