//! Requests of the HTTP API over the link, by opcode 100.

use std::collections::HashSet;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use throng_e2e::{Client, Event, Gateway, Identity, PATIENCE, Scene, Way, intents};

/// Requests at a time, of which the gateway takes fewer.
const AT_ONCE: u64 = 64;

over_each_transport!(a_client_posts_over_its_link_under_the_rules_of_the_http_api);
async fn a_client_posts_over_its_link_under_the_rules_of_the_http_api(way: Way) -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.author, intents::MESSAGES);
    let mut client = Client::enter(&scene.gateway.route(way), &identity).await?;
    let messages = format!("/channels/{}/messages", scene.channel);
    client.send(&request(1, "POST", &messages, json!({ "content": "over the link" }))).await?;
    let (answer, told) = answered(&mut client).await?;
    ensure!(answer["id"] == 1 && answer["status"] == 200, "{answer}");
    let message = match told {
        Some(told) => told,
        None => client.expect("MESSAGE_CREATE").await?.d,
    };
    ensure!(message["id"] == answer["body"]["id"], "{message} is not {answer}");
    ensure!(scene.history()? == [answer["body"]["id"].as_str().unwrap_or_default()], "{answer}");
    let refused = [
        ("POST", messages.as_str(), json!({ "content": "" }), 400),
        ("GET", "/nowhere", Value::Null, 404),
        ("GET", "/channels/1/messages", Value::Null, 404),
    ];
    for path in ["/users/@me", "/users/%40me", "/%75sers/%40%6de"] {
        client.send(&request(3, "GET", path, Value::Null)).await?;
        let (answer, _) = answered(&mut client).await?;
        ensure!(answer["body"]["id"] == scene.author.id.as_str(), "{path}: {answer}");
    }
    for (method, path, body, status) in refused {
        client.send(&request(2, method, path, body)).await?;
        let (answer, _) = answered(&mut client).await?;
        ensure!(answer["id"] == 2 && answer["status"] == status, "{method} {path}: {answer}");
        ensure!(answer["body"]["message"].is_string(), "{method} {path}: {answer}");
    }
    Ok(())
}

over_each_transport!(too_many_requests_at_a_time_are_put_off);
async fn too_many_requests_at_a_time_are_put_off(way: Way) -> Result<()> {
    let gateway = Gateway::builder().set("limits.requests_per_link", &1).start()?;
    let scene = Scene::with_readers(gateway, 1)?;
    let identity = Identity::bot(&scene.author, intents::MESSAGES);
    let mut client = Client::enter(&scene.gateway.route(way), &identity).await?;
    for id in 0..AT_ONCE {
        client.send(&request(id, "GET", "/users/@me", Value::Null)).await?;
    }
    let (mut done, mut put_off) = (0, 0);
    for _ in 0..AT_ONCE {
        let (answer, _) = answered(&mut client).await?;
        match answer["status"].as_u64() {
            Some(200) => done += 1,
            Some(429) if answer["retry_after"].as_f64() > Some(0.0) => put_off += 1,
            _ => bail!("{answer}"),
        }
    }
    ensure!(done > 0 && put_off > 0, "{done} done and {put_off} put off");
    let refusals = scene.gateway.admin()?.metrics()?;
    let counted = format!("throng_refusals_total{{limit=\"requests_per_link\"}} {put_off}");
    ensure!(refusals.contains(&counted), "not counted: {counted}");
    Ok(())
}

/// Members of the guild whose pages are asked for: as many as a page has.
const MEMBERS: usize = 1_000;

over_each_transport!(large_answers_that_are_not_read_at_once_cost_nothing);
async fn large_answers_that_are_not_read_at_once_cost_nothing(way: Way) -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let admin = scene.gateway.admin()?;
    admin.import(&scene.guild, (0..MEMBERS).map(|n| format!("member{n}")))?;
    let identity = Identity::bot(&scene.author, intents::MESSAGES);
    let mut client = Client::enter(&scene.gateway.route(way), &identity).await?;
    let members = format!("/guilds/{}/members?limit=1000", scene.guild.id);
    let asked = 30;
    for id in 0..asked {
        client.send(&request(id, "GET", &members, Value::Null)).await?;
    }
    // More than may wait is asked for, so nothing was read when some of it is put off. Over QUIC
    // this client reads by itself.
    let put_off = "throng_refusals_total{limit=\"answer_bytes\"}";
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while matches!(way, Way::WebSocket(_)) && admin.metric(put_off)? == 0 {
        ensure!(tokio::time::Instant::now() < deadline, "nothing is put off");
    }
    let mut seen = HashSet::new();
    let mut whole = 0;
    while seen.len() < usize::try_from(asked)? {
        let (answer, _) = answered(&mut client).await?;
        match answer["status"].as_u64() {
            Some(200) => {
                let count = answer["body"].as_array().map_or(0, Vec::len);
                ensure!(count == MEMBERS, "{count} members");
                whole += 1;
            }
            Some(503) if answer["retry_after"].as_f64() > Some(0.0) => {}
            _ => bail!("{answer}"),
        }
        ensure!(seen.insert(answer["id"].as_u64()), "{} is answered twice", answer["id"]);
    }
    ensure!(whole > 1, "{whole} of {asked} answers are whole");
    client.heartbeat().await?;
    client.send(&request(asked, "GET", &members, Value::Null)).await?;
    let (answer, _) = answered(&mut client).await?;
    ensure!(answer["status"] == 200, "{}", answer["status"]);
    Ok(())
}

fn request(id: u64, method: &str, path: &str, body: Value) -> Value {
    let mut d = json!({ "id": id, "method": method, "path": path });
    if !body.is_null() {
        d["body"] = body;
    }
    json!({ "op": 100, "d": d })
}

/// Reads up to an answer, and returns the message that may come before it.
async fn answered(client: &mut Client) -> Result<(Value, Option<Value>)> {
    let mut told = None;
    loop {
        match client.next().await? {
            Event::Answer(answer) => return Ok((answer, told)),
            Event::Dispatch(dispatch) if dispatch.t == "MESSAGE_CREATE" => told = Some(dispatch.d),
            other => bail!("told {other:?}"),
        }
    }
}
