//! Drives an unmodified serenity crate.

mod commands;
mod ears;
mod obedience;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use ears::Ears;
use lines::Config;
use serenity::all::GatewayIntents;
use serenity::client::ClientBuilder;
use serenity::http::HttpBuilder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lines::drive(run).await
}

async fn run(config: Config) -> Result<()> {
    let Config { token, host, .. } = config;
    let intents = GatewayIntents::GUILDS
        | GatewayIntents::GUILD_MEMBERS
        | GatewayIntents::GUILD_PRESENCES
        | GatewayIntents::GUILD_MESSAGES
        | GatewayIntents::GUILD_MESSAGE_REACTIONS
        | GatewayIntents::MESSAGE_CONTENT;
    // It asks the API where the gateway is.
    let proxy = format!("http://{host}");
    let http = HttpBuilder::new(&token).proxy(proxy).ratelimiter_disabled(true).build();
    let ears = Arc::new(Ears::default());
    let builder = ClientBuilder::new_with_http(http, intents);
    let mut client = builder.event_handler_arc(Arc::clone(&ears)).await?;
    let (http, manager) = (Arc::clone(&client.http), Arc::clone(&client.shard_manager));
    let mut orders = lines::orders();
    let obeying = async move {
        while let Some(order) = orders.recv().await {
            if order["do"] == "close" {
                break;
            }
            obedience::obey(&order, &http, &ears, &host).await?;
        }
        manager.shutdown_all().await;
        anyhow::Ok(())
    };
    let mut living = Box::pin(client.start());
    tokio::select! {
        ended = &mut living => return Ok(ended?),
        obeyed = obeying => obeyed?,
    }
    Ok(living.await?)
}
