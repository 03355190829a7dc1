//! Peers who take too long or want too much.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Result, ensure};
use serde_json::json;
use throng_e2e::{Client, Closed, Identity, PATIENCE, Scene, Way, intents};
use throng_proto::throng::Close;
use tokio::time::Instant;

use super::http::ask;
use super::stranger::Stranger;
use super::{Witness, counted, refusals, scene};

/// Messages after which every buffer between gateway and reader must be full.
const MESSAGES_MAX: usize = 4000;
/// Bytes that any reader may be behind.
const LAG_BYTES_MAX: &str = "262144";

over_each_transport!(a_slow_reader_is_closed_and_resumes);
async fn a_slow_reader_is_closed_and_resumes(way: Way) -> Result<()> {
    let scene = scene(&[("limits.lag_bytes_max", LAG_BYTES_MAX)])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let mut slow = Stranger::slow(&scene, way).await?;
    let mut posted = 0;
    while refusals(&scene, "lag")? == 0 {
        ensure!(posted < MESSAGES_MAX, "{posted} messages wait for a reader");
        for _ in 0..10 {
            let content = format!("{posted} {}", "\u{1f680}".repeat(1900));
            scene.api().post(&scene.channel, &content)?;
            // Who reads is not closed.
            witness.0.until_message(&content).await?;
            posted += 1;
        }
    }
    let (seen, closed) = read_to_the_end(&mut slow).await?;
    ensure!(closed == Some(4000), "closed with {closed:?} after {seen} of {posted}");
    let missed = slow.resume(&scene).await?.catch_up().await?;
    let missed = missed.iter().filter(|event| event["t"] == "MESSAGE_CREATE").count();
    ensure!(seen + missed == posted, "{seen} and {missed} of {posted}");
    witness.is_unharmed(&scene).await
}

/// Reads messages until the link ends; the sequence in them is checked on the way.
async fn read_to_the_end(slow: &mut Stranger) -> Result<(usize, Option<u16>)> {
    let before = slow.seq();
    let closed = slow.closed().await?;
    Ok((usize::try_from(slow.seq() - before)?, closed.code))
}

over_each_transport!(a_half_open_upgrade_is_dropped);
async fn a_half_open_upgrade_is_dropped(way: Way) -> Result<()> {
    let limits = ["websocket.handshake_timeout_secs", "quic.transport.handshake_timeout_secs"];
    let scene = scene(&limits.map(|key| (key, "1")))?;
    let mut witness = Witness::enter(&scene, way).await?;
    if let Way::Quic(_) = way {
        let mut mute = Stranger::connected(&scene, &scene.gateway.route(way).mute()).await?;
        let closed = mute.closed().await?;
        ensure!(closed.code == Some(4009) && !closed.reason.is_empty(), "{closed:?}");
    } else {
        half_an_upgrade_is_dropped(&scene)?;
    }
    witness.is_unharmed(&scene).await
}

fn half_an_upgrade_is_dropped(scene: &Scene) -> Result<()> {
    for begun in ["", "GET /?v=10&encoding=json HTTP/1.1\r\nHost: here\r\nUpgrade: webs"] {
        let mut stream = TcpStream::connect(scene.gateway.public())?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(begun.as_bytes())?;
        let mut answer = Vec::new();
        // A reset ends it as well; a timeout of the read does not.
        if let Err(error) = stream.read_to_end(&mut answer) {
            let reset = error.kind() == std::io::ErrorKind::ConnectionReset;
            ensure!(reset, "still open: {error}");
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        ensure!(!answer.contains(" 101 "), "upgraded: {answer}");
    }
    Ok(())
}

over_each_transport!(asking_for_all_members_too_often_is_put_off);
async fn asking_for_all_members_too_often_is_put_off(way: Way) -> Result<()> {
    let scene = scene(&[("gateway.member_lists_per_30s", "1")])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let identity = Identity::bot(&scene.readers[1], intents::MESSAGES | 1 << 1);
    let mut greedy = Client::enter(&scene.gateway.route(way), &identity).await?;
    let ask = |nonce, query: &str| {
        let guild = &scene.guild.id;
        json!({ "op": 8, "d": { "guild_id": guild, "query": query, "limit": 0, "nonce": nonce } })
    };
    greedy.send(&ask("first", "")).await?;
    let chunk = greedy.expect("GUILD_MEMBERS_CHUNK").await?;
    let members = chunk.d["members"].as_array().map_or(0, Vec::len);
    ensure!(members == 3 && chunk.d["nonce"] == "first", "{}", chunk.raw);
    greedy.send(&ask("second", "")).await?;
    let limited = greedy.expect("RATE_LIMITED").await?.d;
    let after = limited["retry_after"].as_f64().unwrap_or_default();
    ensure!(limited["opcode"] == 8 && after > 0.0 && after <= 30.0, "{limited}");
    let meta = json!({ "guild_id": scene.guild.id, "nonce": "second" });
    ensure!(limited["meta"] == meta, "{limited}");
    counted(&scene, "member_lists_per_30s", 1)?;
    // Looking for somebody is not asking for all.
    greedy.send(&ask("third", "reader0")).await?;
    let chunk = greedy.expect("GUILD_MEMBERS_CHUNK").await?;
    ensure!(chunk.d["members"][0]["user"]["id"] == scene.readers[0].id.as_str(), "{}", chunk.raw);
    witness.is_unharmed(&scene).await
}

over_each_transport!(connections_over_the_limit_are_turned_away);
async fn connections_over_the_limit_are_turned_away(way: Way) -> Result<()> {
    let scene = scene(&[("limits.connections_max", "2")])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let mut stranger = Stranger::entered(&scene, way).await?;
    let turned_away = match way {
        Way::Quic(_) => is_told_to_come_back(&scene, way).await?,
        Way::WebSocket(_) => are_answered_503(&scene)?,
    };
    counted(&scene, "connections_max", turned_away)?;
    stranger.is_heard().await?;
    drop(stranger);
    let mut stranger = enter_when_there_is_room(&scene, way).await?;
    stranger.is_heard().await?;
    drop(stranger);
    // Posting needs a connection too.
    drop(enter_when_there_is_room(&scene, way).await?.leave().await?);
    witness.0.heartbeat().await?;
    posts_when_there_is_room(&scene)?;
    witness.0.until_message("room again").await.map(drop)
}

/// Upgrades and asks, in vain; returns how often.
fn are_answered_503(scene: &Scene) -> Result<u64> {
    let upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let asked = [("/?v=10&encoding=json", upgrade), ("/api/v10/gateway", "")];
    for (path, headers) in asked {
        let answer = ask(scene, "GET", path, headers)?;
        ensure!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        ensure!(answer.to_ascii_lowercase().contains("\r\nretry-after: "), "{answer}");
    }
    Ok(asked.len() as u64)
}

/// Connects over QUIC, in vain; returns how often.
async fn is_told_to_come_back(scene: &Scene, way: Way) -> Result<u64> {
    let mut late = Stranger::connected(scene, &scene.gateway.route(way)).await?;
    let Closed { code, reason } = late.closed().await?;
    let close = Close { code: code.unwrap_or_default(), reason };
    ensure!(close.code == 1013 && close.retry_after().is_some(), "{close:?}");
    Ok(1)
}

async fn enter_when_there_is_room(scene: &Scene, way: Way) -> Result<Stranger> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Stranger::entered(scene, way).await {
            Ok(stranger) => return Ok(stranger),
            Err(error) => ensure!(Instant::now() < deadline, "no room: {error:#}"),
        }
    }
}

fn posts_when_there_is_room(scene: &Scene) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match scene.api().post(&scene.channel, "room again") {
            Ok(_) => return Ok(()),
            Err(error) => ensure!(Instant::now() < deadline, "no room: {error:#}"),
        }
    }
}
