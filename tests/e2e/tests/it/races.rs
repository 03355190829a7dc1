//! Many acts on one message at once, over HTTP and over links.

use std::collections::BTreeMap;
use std::thread;

use anyhow::{Result, anyhow, ensure};
use serde_json::{Value, json};
use throng_e2e::{Api, Client, Event, Gateway, Identity, Scene, Way, intents};
use ureq::http::Method;

/// Intents for messages and their reactions.
const INTENTS: u64 = intents::MESSAGES | 1 << 10;
/// Requests that a link sends without waiting.
const AT_ONCE: u64 = 30;
/// Messages that are fought over.
const ROUNDS: usize = 12;
const HEART: &str = "%E2%9D%A4";

over_each_transport!(what_a_link_sends_takes_effect_in_the_order_sent);
async fn what_a_link_sends_takes_effect_in_the_order_sent(way: Way) -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.author, INTENTS);
    let mut client = Client::enter(&scene.gateway.route(way), &identity).await?;
    let messages = format!("/channels/{}/messages", scene.channel);
    let fought = scene.api().post(&scene.channel, "first")?;
    let other = scene.api().post(&scene.channel, "other")?;
    let place = format!("{messages}/{fought}");
    let reaction = format!("{messages}/{other}/reactions/{HEART}/@me");
    for n in 0..AT_ONCE - 2 {
        let text = json!({ "content": n.to_string() });
        let (method, path, body) = match n % 4 {
            0 => ("PATCH", &place, text),
            1 => ("PUT", &reaction, Value::Null),
            2 => ("POST", &messages, text),
            _ => ("DELETE", &reaction, Value::Null),
        };
        client.send(&request(n, method, path, body)).await?;
    }
    client.send(&request(AT_ONCE - 2, "DELETE", &place, Value::Null)).await?;
    client.send(&request(AT_ONCE - 1, "PATCH", &place, json!({ "content": "late" }))).await?;
    let (mut statuses, mut told) = (BTreeMap::new(), Vec::new());
    while statuses.len() < usize::try_from(AT_ONCE)? || told.last() != Some(&"gone".to_owned()) {
        match client.next().await? {
            Event::Answer(answer) => {
                statuses.insert(answer["id"].as_u64(), answer["status"].as_u64());
            }
            Event::Dispatch(dispatch) => told.extend(word(&dispatch.t, &dispatch.d)),
            _ => {}
        }
    }
    let late = statuses.remove(&Some(AT_ONCE - 1));
    ensure!(late == Some(Some(404)), "{late:?} to an edit of what was deleted before");
    let refused: Vec<_> = statuses.iter().filter(|(_, status)| **status > Some(204)).collect();
    ensure!(refused.is_empty(), "{refused:?}");
    let mut expected = vec!["first".to_owned(), "other".to_owned()];
    expected.extend((0..AT_ONCE - 2).map(|n| match n % 4 {
        0 | 2 => n.to_string(),
        1 => "added".to_owned(),
        _ => "removed".to_owned(),
    }));
    expected.push("gone".to_owned());
    ensure!(told == expected, "{told:?}");
    Ok(())
}

/// Says in a word what an event tells.
fn word(kind: &str, payload: &Value) -> Option<String> {
    match kind {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => payload["content"].as_str().map(ToOwned::to_owned),
        "MESSAGE_REACTION_ADD" => Some("added".to_owned()),
        "MESSAGE_REACTION_REMOVE" => Some("removed".to_owned()),
        "MESSAGE_DELETE" => Some("gone".to_owned()),
        _ => None,
    }
}

fn request(id: u64, method: &str, path: &str, body: Value) -> Value {
    let mut d = json!({ "id": id, "method": method, "path": path });
    if !body.is_null() {
        d["body"] = body;
    }
    json!({ "op": 100, "d": d })
}

#[tokio::test]
async fn acts_on_one_message_at_once_are_done_one_after_the_other() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.author, INTENTS);
    let mut client = Client::enter(&scene.gateway.route(Way::WEBSOCKET), &identity).await?;
    let (api, channel) = (scene.api(), scene.channel.clone());
    let told = tokio::task::spawn_blocking(move || fight(&api, &channel)).await??;
    scene.api().post(&scene.channel, "that was all")?;
    let mut deletions: BTreeMap<String, u64> = BTreeMap::new();
    let mut reactions: BTreeMap<String, u64> = BTreeMap::new();
    loop {
        let dispatch = client.next_dispatch().await?;
        if dispatch.d["content"] == "that was all" {
            break;
        }
        let key = if dispatch.t.contains("REACTION") { "message_id" } else { "id" };
        let id = dispatch.d[key].as_str().unwrap_or_default().to_owned();
        ensure!(!deletions.contains_key(&id), "{} of {id}, which is gone", dispatch.t);
        match dispatch.t.as_str() {
            "MESSAGE_DELETE" => _ = deletions.insert(id, 1),
            "MESSAGE_REACTION_ADD" => *reactions.entry(id).or_default() += 1,
            _ => {}
        }
    }
    ensure!(deletions.len() == ROUNDS, "{} deletions told of {ROUNDS}", deletions.len());
    ensure!(reactions.values().all(|added| *added == 1), "{reactions:?}");
    ensure!(told.iter().all(|deleted| *deleted == 1), "{told:?} deletions succeeded");
    Ok(())
}

/// Fights over one message after the other; returns how many deletions of each succeeded.
fn fight(api: &Api, channel: &str) -> Result<Vec<usize>> {
    (0..ROUNDS).map(|round| fight_over(api, channel, round)).collect()
}

fn fight_over(api: &Api, channel: &str, round: usize) -> Result<usize> {
    let message = api.post(channel, "first")?;
    let place = format!("/channels/{channel}/messages/{message}");
    let reaction = format!("{place}/reactions/{HEART}/@me");
    let text = json!({ "content": format!("text {round}") });
    let embeds = json!({ "embeds": [{ "title": format!("title {round}") }] });
    let edits: Vec<(Method, &str, Option<&Value>)> = vec![
        (Method::PATCH, &place, Some(&text)),
        (Method::PATCH, &place, Some(&embeds)),
        (Method::PUT, &reaction, None),
        (Method::PUT, &reaction, None),
        (Method::PUT, &reaction, None),
    ];
    let statuses = at_once(api, &edits)?;
    ensure!(statuses.iter().all(|status| *status <= 204), "{statuses:?}");
    let (_, shown) = api.call(&Method::GET, &place, None)?;
    ensure!(shown["content"] == text["content"], "round {round}: {shown}");
    ensure!(shown["embeds"][0]["title"] == embeds["embeds"][0]["title"], "round {round}: {shown}");
    ensure!(shown["reactions"][0]["count"] == 1, "round {round}: {shown}");
    let delete = (Method::DELETE, place.as_str(), None);
    let acts = [delete.clone(), delete.clone(), edits[0].clone(), delete.clone(), delete];
    let statuses = at_once(api, &acts)?;
    ensure!(statuses.iter().all(|status| [200, 204, 404].contains(status)), "{statuses:?}");
    Ok(statuses.iter().filter(|status| **status == 204).count())
}

/// Makes requests at the same time; returns their statuses.
fn at_once(api: &Api, acts: &[(Method, &str, Option<&Value>)]) -> Result<Vec<u16>> {
    thread::scope(|scope| {
        let threads: Vec<_> = acts
            .iter()
            .map(|(method, path, body)| {
                scope.spawn(move || api.call(method, path, *body).map(|(status, _)| status))
            })
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<u16>>| {
            thread.join().map_err(|_| anyhow!("panicked"))?
        };
        threads.into_iter().map(join).collect()
    })
}
