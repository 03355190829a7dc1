//! The client library's examples, run as its README says, by who has read what the first start of
//! the gateway printed.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use throng_e2e::{Account, Client, Example, Gateway, Identity, PATIENCE, Way, intents};

/// A gateway after its first start, with the users and the channel that it printed.
struct Demo {
    gateway: Gateway,
    ada: Account,
    grace: Account,
    guild: String,
    channel: String,
}

impl Demo {
    fn start() -> Result<Self> {
        let gateway = Gateway::start()?;
        let (ada, grace) = (gateway.printed("ada")?, gateway.printed("grace")?);
        let get = |path: &str| gateway.api(&ada).call(&"GET".try_into()?, path, None);
        let guild = first(&get("/users/@me/guilds")?.1)?;
        let channel = first(&get(&format!("/guilds/{guild}/channels"))?.1)?;
        Ok(Self { gateway, ada, grace, guild, channel })
    }

    /// Waits until a metric has grown to `count`.
    fn has_told(&self, metric: &str, count: u64) -> Result<()> {
        let (admin, deadline) = (self.gateway.admin()?, Instant::now() + PATIENCE);
        while admin.metric(metric)? < count {
            ensure!(Instant::now() < deadline, "{metric} stays below {count}");
        }
        Ok(())
    }
}

const GUILD_CREATE: &str = "throng_deliveries_total{type=\"GUILD_CREATE\"}";

fn first(list: &Value) -> Result<String> {
    Ok(list[0]["id"].as_str().with_context(|| format!("nothing in {list}"))?.to_owned())
}

#[test]
fn chat_posts_what_is_typed_and_shows_what_is_said() -> Result<()> {
    let demo = Demo::start()?;
    let mut chat = Example::start("chat", &demo.gateway, &[&demo.ada.token])?;
    chat.shows(&format!("-- in channel {}", demo.channel))?;
    chat.types("hello, throng")?;
    chat.shows("ada: hello, throng")?;
    demo.gateway.api(&demo.grace).post(&demo.channel, "hello, ada \u{1f44b}")?;
    chat.shows("grace: hello, ada \u{1f44b}")?;
    let history = demo.gateway.api(&demo.ada).history(&demo.channel)?;
    let contents: Vec<_> = history.iter().map(|message| message["content"].clone()).collect();
    ensure!(contents == ["hello, throng", "hello, ada \u{1f44b}"], "{contents:?}");
    let status = chat.leave()?;
    ensure!(status.success(), "chat ends with {status}");
    Ok(())
}

#[test]
fn tail_follows_a_guild_as_lines_of_json() -> Result<()> {
    let demo = Demo::start()?;
    let tail = Example::start("tail", &demo.gateway, &[&demo.grace.token, &demo.guild])?;
    let line: Value = serde_json::from_str(&tail.shows(r#""t":"GUILD_CREATE""#)?)?;
    ensure!(line["d"]["id"] == demo.guild.as_str(), "{line}");
    let id = demo.gateway.api(&demo.ada).post(&demo.channel, "for the tail")?;
    let line: Value = serde_json::from_str(&tail.shows("for the tail")?)?;
    ensure!(line["t"] == "MESSAGE_CREATE" && line["d"]["id"] == id.as_str(), "{line}");
    ensure!(line["s"].as_u64() > Some(0), "{line}");
    Ok(())
}

#[tokio::test]
async fn bridge_copies_one_channel_to_another_and_back_without_echo() -> Result<()> {
    let demo = Demo::start()?;
    let members: Vec<_> = [&demo.ada, &demo.grace].map(|user| json!({ "user_id": user.id })).into();
    let other = demo.gateway.admin()?.guild(&json!({
        "name": "other bank",
        "owner_id": demo.ada.id,
        "channels": [{ "name": "pier", "type": 0 }],
        "members": members,
    }))?;
    let banks = [demo.channel.clone(), other.channel("pier")?];
    let [there, back] = [[0, 1], [1, 0]].map(|[from, to]| {
        let arguments = [demo.ada.token.as_str(), &banks[from], &banks[to]];
        Example::start("bridge", &demo.gateway, &arguments)
    });
    let (_there, _back) = (there?, back?);
    let identity = Identity::bot(&demo.grace, intents::MESSAGES);
    let mut witness = Client::enter(&demo.gateway.route(Way::QUIC), &identity).await?;
    // Two bridges and a witness.
    demo.has_told(GUILD_CREATE, 3 * banks.len() as u64)?;
    for (round, from) in [(0, 0), (1, 1), (2, 0)] {
        let content = format!("over the bridge {round}");
        demo.gateway.api(&demo.grace).post(&banks[from], &content)?;
        let told =
            [witness.expect("MESSAGE_CREATE").await?.d, witness.expect("MESSAGE_CREATE").await?.d];
        let copy = told.iter().find(|message| message["channel_id"] == banks[1 - from].as_str());
        let copy = copy.with_context(|| format!("no copy among {told:?}"))?;
        ensure!(copy["content"] == format!("\u{2063}grace: {content}"), "{copy}");
    }
    Ok(())
}
