//! The lanes of QUIC: a stream for each guild, and datagrams for what may be lost.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use throng_e2e::{
    Account, Client, FENCE, Ferry, Gateway, Identity, Scene, Way, Wire, alike, intents,
};
use ureq::http::Method;

/// TYPING_START of guilds.
const TYPING: u64 = 1 << 11;
/// Times that typing is lost.
const ROUNDS: usize = 10;
const GUILDS: usize = 5;
/// Messages in each guild.
const MESSAGES: usize = 40;
/// Times that somebody types, more than are reported at a time.
const TYPED: usize = 100;

#[tokio::test]
async fn typing_that_is_lost_is_settled_and_never_repeated() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let route = scene.gateway.route(Way::QUIC);
    let mut ferry = Ferry::to(route.address(), 0).await?;
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES | TYPING);
    let mut client = Client::enter(&route.through(ferry.address()), &identity).await?;
    types(&scene)?;
    ensure!(client.next_dispatch().await?.t == "TYPING_START", "another event than typing");

    let mut missed = 0;
    for round in 0..ROUNDS {
        let (lost, content) = (ferry.lost(), format!("and then {round}"));
        ferry.loses_all();
        types(&scene)?;
        ferry.has_lost(lost + 1).await?;
        ferry.loses_nothing();
        scene.api().post(&scene.channel, &content)?;
        // Told where another packet than the one with it was lost.
        missed += usize::from(client.until_message(&content).await?.is_empty());
    }
    ensure!(missed > 0, "every packet that is lost is another one");
    // The report comes before the answer to a heartbeat, at the latest.
    client.is_heard().await?;
    let (settled, due) = (client.cursor().seq(), (3 + 2 * ROUNDS) as u64);
    ensure!(settled == due, "{settled} is settled, {due} is due");
    let again = client.cut()?.resume().await?.catch_up().await?;
    ensure!(again.len() == 1, "told {again:?} again");
    Ok(())
}

#[tokio::test]
async fn datagrams_are_told_once_and_counted_without_heartbeats() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES | TYPING);
    let route = scene.gateway.route(Way::Quic(Wire::Zstd));
    let mut client = Client::enter(&route, &identity).await?;
    let first = client.cursor().seq() + 1;
    for _ in 0..TYPED {
        types(&scene)?;
        let typing = client.next_dispatch().await?;
        ensure!(typing.t == "TYPING_START", "told {}", typing.raw);
    }
    scene.api().post(&scene.channel, FENCE)?;
    let last = client.expect("MESSAGE_CREATE").await?.s;
    ensure!(last == first + TYPED as u64, "{last} after {first}");
    ensure!(client.cursor().seq() == last, "{} is settled, not {last}", client.cursor().seq());
    Ok(())
}

#[tokio::test]
async fn a_client_that_takes_two_streams_is_told_of_every_guild_in_order() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let channels = guilds(&scene, &scene.readers[0])?;
    let route = scene.gateway.route(Way::QUIC).streams(2);
    let mut client = Client::connect(&route).await?;
    client.identify(&Identity::bot(&scene.readers[0], intents::MESSAGES)).await?;
    for _ in 0..channels.len() {
        client.expect("GUILD_CREATE").await?;
    }
    for n in 0..MESSAGES {
        for channel in &channels {
            scene.api().post(channel, &n.to_string())?;
        }
    }
    let mut told: HashMap<String, Vec<String>> = HashMap::new();
    for _ in 0..MESSAGES * channels.len() {
        let d = client.expect("MESSAGE_CREATE").await?.d;
        let (Some(channel), Some(content)) = (d["channel_id"].as_str(), d["content"].as_str())
        else {
            bail!("a message lacks its channel or content: {d}");
        };
        told.entry(channel.to_owned()).or_default().push(content.to_owned());
    }
    let due: Vec<_> = (0..MESSAGES).map(|n| n.to_string()).collect();
    for channel in &channels {
        alike(&told[channel], &due).with_context(|| format!("channel {channel}"))?;
    }
    Ok(())
}

/// Founds more guilds and returns the channels of all.
fn guilds(scene: &Scene, reader: &Account) -> Result<Vec<String>> {
    let mut channels = vec![scene.channel.clone()];
    for n in 1..GUILDS {
        let guild = scene.gateway.admin()?.guild(&json!({
            "name": format!("guild {n}"),
            "owner_id": scene.author.id,
            "channels": [{ "name": "general", "type": 0 }],
            "members": [{ "user_id": reader.id }],
        }))?;
        channels.push(guild.channel("general")?);
    }
    Ok(channels)
}

fn types(scene: &Scene) -> Result<()> {
    let path = format!("/channels/{}/typing", scene.channel);
    let (status, answer) = scene.api().call(&Method::POST, &path, None)?;
    ensure!(status == 204, "typing: {status} {answer}");
    Ok(())
}
