//! A session that nobody looks at gets its mentions and digests, and nothing else.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use throng_e2e::{Api, Client, Dispatch, Founded, Gateway, Identity, Way};
use ureq::http::Method;

/// Capability bits of the two digests.
const SNAPSHOTS: u64 = 1 << 11;
const DELTAS: u64 = 1 << 14;
/// Messages that do not mention the passive user.
const CHATTER: usize = 25;

over_each_transport!(passive_sessions_with_delta_digests_get_mentions_and_digests_only);
async fn passive_sessions_with_delta_digests_get_mentions_and_digests_only(way: Way) -> Result<()> {
    mentions_and_digests_only(way, DELTAS, "PASSIVE_UPDATE_V2", "updated_channels").await
}

over_each_transport!(passive_sessions_with_snapshots_get_mentions_and_digests_only);
async fn passive_sessions_with_snapshots_get_mentions_and_digests_only(way: Way) -> Result<()> {
    mentions_and_digests_only(way, SNAPSHOTS, "PASSIVE_UPDATE_V1", "channels").await
}

/// A guild with a channel that its passive reader sees and one that he does not.
struct Hall {
    guild: Founded,
    open: String,
    vault: String,
    reader: String,
    api: Api,
}

async fn mentions_and_digests_only(
    way: Way,
    capability: u64,
    digest: &str,
    list: &str,
) -> Result<()> {
    let gateway = Gateway::builder().set("passive.digest_interval_ms", &100).start()?;
    let admin = gateway.admin()?;
    let (author, reader) = (admin.bot("author")?, admin.user("reader")?);
    let guild = admin.guild(&json!({
        "name": "hall",
        "owner_id": author.id,
        "channels": [
            { "name": "open" },
            { "name": "vault", "permission_overwrites":
                [{ "id": "@everyone", "type": 0, "allow": "0", "deny": "1024" }] },
        ],
        "members": [{ "user_id": reader.id }],
    }))?;
    let (open, vault) = (guild.channel("open")?, guild.channel("vault")?);
    let hall = Hall { open, vault, reader: reader.id.clone(), api: gateway.api(&author), guild };

    let identity = Identity::user(&reader, capability);
    let mut client = Client::enter(&gateway.route(way), &identity).await?;
    let mentioned = chatter(&hall)?;
    let last = hall.api.post(&hall.open, "and one more")?;
    let told = until_digest(&mut client, &hall, digest, list, &last).await?;

    let mentions: Vec<_> = told.iter().filter(|dispatch| dispatch.t == "MESSAGE_CREATE").collect();
    ensure!(mentions.len() == 1, "told {mentions:?}");
    ensure!(mentions[0].d["id"] == mentioned.as_str(), "told {}", mentions[0].raw);
    ensure!(mentions[0].d["content"].as_str().is_some_and(|text| !text.is_empty()), "no content");
    for dispatch in &told {
        let due = dispatch.t == digest || dispatch.t == "MESSAGE_CREATE";
        ensure!(due, "a passive session is told {}", dispatch.raw);
        ensure!(!dispatch.raw.contains(&hall.vault), "the vault is open: {}", dispatch.raw);
    }
    becomes_active(&mut client, &hall).await
}

/// Chats, types, reacts, edits and deletes; returns the one message that mentions the reader.
fn chatter(hall: &Hall) -> Result<String> {
    let (open, api) = (&hall.open, &hall.api);
    let mut mentioned = String::new();
    for n in 0..CHATTER {
        let id = api.post(open, &format!("chatter {n}"))?;
        api.post(&hall.vault, &format!("secret <@{}> {n}", hall.reader))?;
        let message = format!("/channels/{open}/messages/{id}");
        match n {
            3 => succeeds(hall, &Method::POST, &format!("/channels/{open}/typing"), None)?,
            5 => {
                let path = format!("{message}/reactions/%F0%9F%94%A5/@me");
                succeeds(hall, &Method::PUT, &path, None)?;
            }
            7 => succeeds(hall, &Method::PATCH, &message, Some(&json!({ "content": "edited" })))?,
            9 => succeeds(hall, &Method::DELETE, &message, None)?,
            11 => mentioned = api.post(open, &format!("hello <@{}>", hall.reader))?,
            _ => {}
        }
    }
    Ok(mentioned)
}

fn succeeds(hall: &Hall, method: &Method, path: &str, body: Option<&Value>) -> Result<()> {
    let (status, answer) = hall.api.call(method, path, body)?;
    ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    Ok(())
}

/// Reads until a digest says that `last` is the last message of the open channel.
async fn until_digest(
    client: &mut Client,
    hall: &Hall,
    digest: &str,
    list: &str,
    last: &str,
) -> Result<Vec<Dispatch>> {
    let mut told = Vec::new();
    loop {
        let dispatch = client.next_dispatch().await.with_context(|| format!("after {told:?}"))?;
        let channels = dispatch.d[list].as_array().into_iter().flatten();
        let current = dispatch.t == digest
            && dispatch.d["guild_id"] == hall.guild.id.as_str()
            && channels
                .filter(|channel| channel["id"] == hall.open.as_str())
                .any(|channel| channel["last_message_id"] == last);
        told.push(dispatch);
        if current {
            return Ok(told);
        }
    }
}

/// Subscribes to the guild; from some moment on every message arrives.
async fn becomes_active(client: &mut Client, hall: &Hall) -> Result<()> {
    let subscriptions = json!({ hall.guild.id.as_str(): { "typing": true } });
    client.send(&json!({ "op": 37, "d": { "subscriptions": subscriptions } })).await?;
    for n in 0..100 {
        let (plain, mention) = (format!("plain {n}"), format!("<@{}> {n}", hall.reader));
        hall.api.post(&hall.open, &plain)?;
        hall.api.post(&hall.open, &mention)?;
        // The mention arrives in every mode, and so bounds the wait for the plain message.
        let passed = client.until_message(&mention).await?;
        if passed.iter().any(|dispatch| dispatch.d["content"] == plain.as_str()) {
            return Ok(());
        }
    }
    bail!("subscribed, and still passive after a hundred messages")
}
