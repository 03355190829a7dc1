//! Sessions that never begin.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use throng_e2e::{Client, Event, Identity, Way, intents};

use super::stranger::Stranger;
use super::{Witness, counted, identify, identify_as, refuses_to_identify, scene};

/// Between heartbeats of which some are missing.
const INTERVAL: Duration = Duration::from_millis(250);

over_each_transport!(a_bad_token_is_refused);
async fn a_bad_token_is_refused(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let extra = json!({ "intents": intents::MESSAGES });
    let real = &scene.readers[1].token;
    let tokens = ["", "nobody", "Bot nobody", "a.b.c", &real[..real.len() - 1]];
    let commands = tokens.map(|token| identify_as(token, &extra));
    refuses_to_identify(&scene, way, &commands, (4004, "bad_token")).await
}

over_each_transport!(an_opcode_before_identify_is_refused);
async fn an_opcode_before_identify_is_refused(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let presence = json!({ "since": null, "activities": [], "status": "online", "afk": false });
    let commands = [
        json!({ "op": 3, "d": presence }),
        json!({ "op": 8, "d": { "guild_id": scene.guild.id, "query": "", "limit": 0 } }),
        json!({ "op": 14, "d": { "guild_id": scene.guild.id, "typing": true } }),
        json!({ "op": 4, "d": {} }),
    ];
    refuses_to_identify(&scene, way, &commands, (4003, "decode")).await
}

over_each_transport!(undefined_intents_are_refused);
async fn undefined_intents_are_refused(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let token = &scene.readers[1].token;
    let commands = [
        identify_as(token, &json!({ "intents": 1_u64 << 31 })),
        identify_as(token, &json!({ "intents": 1_u64 << 40 })),
        identify_as(token, &json!({})),
    ];
    refuses_to_identify(&scene, way, &commands, (4013, "intents")).await
}

over_each_transport!(disallowed_intents_are_refused);
async fn disallowed_intents_are_refused(way: Way) -> Result<()> {
    let scene = scene(&[("gateway.intents_disallowed", "2")])?;
    let command = identify_as(&scene.readers[1].token, &json!({ "intents": 3 }));
    refuses_to_identify(&scene, way, &[command], (4014, "intents")).await
}

over_each_transport!(an_impossible_shard_is_refused);
async fn an_impossible_shard_is_refused(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let commands = [json!([1, 1]), json!([5, 2]), json!([0, 0])].map(|shard| {
        let extra = json!({ "intents": intents::MESSAGES, "shard": shard });
        identify_as(&scene.readers[1].token, &extra)
    });
    refuses_to_identify(&scene, way, &commands, (4010, "shard")).await
}

over_each_transport!(too_many_guilds_for_a_shard_are_refused);
async fn too_many_guilds_for_a_shard_are_refused(way: Way) -> Result<()> {
    let scene = scene(&[("limits.guilds_per_shard", "1")])?;
    let members = [json!({ "user_id": scene.readers[1].id })];
    scene.gateway.admin()?.guild(&json!({
        "name": "one too many",
        "owner_id": scene.author.id,
        "members": members,
    }))?;
    refuses_to_identify(&scene, way, &[identify(&scene)], (4011, "guilds_per_shard")).await
}

over_each_transport!(another_version_or_encoding_is_refused);
async fn another_version_or_encoding_is_refused(way: Way) -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let route = scene.gateway.route(way);
    let mut asked = vec![(route.clone().version(8), "8")];
    // Over QUIC nobody can ask for an encoding.
    asked.extend((!route.has_lanes()).then(|| (route.encoding("etf"), "etf")));
    for (route, culprit) in &asked {
        let mut stranger = Stranger::connected(&scene, route).await?;
        let closed = stranger.closed().await?;
        ensure!(closed.code == Some(4012), "{closed:?} after asking for {culprit}");
        ensure!(closed.reason.contains(culprit), "{closed:?} does not name {culprit}");
    }
    counted(&scene, "version", asked.len() as u64)?;
    witness.is_unharmed(&scene).await
}

over_each_transport!(too_many_sessions_are_refused);
async fn too_many_sessions_are_refused(way: Way) -> Result<()> {
    let scene = scene(&[("limits.sessions_per_user", "1")])?;
    let mut first = Stranger::entered(&scene, way).await?;
    refuses_to_identify(&scene, way, &[identify(&scene)], (4015, "sessions_per_user")).await?;
    scene.api().post(&scene.channel, "to the first")?;
    first.is_heard().await
}

over_each_transport!(identifying_too_often_is_put_off);
async fn identifying_too_often_is_put_off(way: Way) -> Result<()> {
    let scene = scene(&[("gateway.identifies_per_5s", "1")])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let mut first = Stranger::entered(&scene, way).await?;
    let mut second = Stranger::greeted(&scene, way).await?;
    second.tell(&identify(&scene)).await?;
    second.is_invalid().await?;
    counted(&scene, "identifies_per_5s", 1)?;
    first.is_heard().await?;
    // Others have windows of their own.
    let identity = Identity::bot(&scene.author, intents::MESSAGES);
    Client::enter(&scene.gateway.route(way), &identity).await?;
    witness.is_unharmed(&scene).await
}

over_each_transport!(a_silent_link_is_closed);
async fn a_silent_link_is_closed(way: Way) -> Result<()> {
    let scene = scene(&[("gateway.identify_timeout_secs", "1")])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let mut stranger = Stranger::greeted(&scene, way).await?;
    // A beat is no IDENTIFY.
    stranger.is_heard().await?;
    let closed = stranger.closed().await?;
    ensure!(closed.code == Some(4009), "{closed:?}");
    counted(&scene, "heartbeat_timeout", 1)?;
    witness.is_unharmed(&scene).await
}

over_each_transport!(missing_heartbeats_end_the_link_not_the_session);
async fn missing_heartbeats_end_the_link_not_the_session(way: Way) -> Result<()> {
    let interval = ("gateway.heartbeat_interval_ms", &*INTERVAL.as_millis().to_string());
    let scene = scene(&[interval, ("gateway.heartbeat_timeout_ms", "1500")])?;
    let mut witness = Witness::enter(&scene, way).await?;
    let mut stranger = Stranger::greeted(&scene, way).await?;
    // Whenever the session begins, its time begins with it.
    stranger.is_told_nothing(INTERVAL * 3).await?;
    let mut stranger = stranger.enter(&scene).await?;
    // Who is read beats, who is a stranger does not.
    let closed = loop {
        tokio::select! {
            closed = stranger.closed() => break closed?,
            event = witness.0.next() => {
                let event = event?;
                ensure!(matches!(event, Event::Dispatch(_)), "the witness is told {event:?}");
            }
        }
    };
    ensure!(closed.code == Some(4009), "{closed:?}");
    counted(&scene, "heartbeat_timeout", 1)?;
    super::misses_nothing(&scene, &stranger).await?;
    witness.is_unharmed(&scene).await
}
