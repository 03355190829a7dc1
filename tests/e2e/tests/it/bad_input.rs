//! Every row of the table in PROTOCOL.md: what is wrong is answered, counted, and loses nothing.

mod doors;
mod edge;
mod frames;
mod http;
mod identifying;
mod payloads;
mod pressure;
mod process;
mod sessions;
mod stranger;
mod uploads;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use throng_e2e::{Client, Gateway, Identity, Scene, Way, intents};

use stranger::Stranger;

/// Starts a gateway with `settings` and a guild whose members are the witness and the stranger.
fn scene(settings: &[(&str, &str)]) -> Result<Scene> {
    let builder = Gateway::builder();
    let builder = settings.iter().fold(builder, |builder, (key, value)| builder.set(key, value));
    Scene::with_readers(builder.start()?, 2)
}

/// Returns how often the gateway counted a refusal for `limit`.
fn refusals(scene: &Scene, limit: &str) -> Result<u64> {
    let metrics = scene.gateway.admin()?.metrics()?;
    let name = format!("throng_refusals_total{{limit=\"{limit}\"}} ");
    let count = metrics.lines().find_map(|line| line.strip_prefix(&name));
    Ok(count.with_context(|| format!("{name} is not told"))?.parse()?)
}

fn counted(scene: &Scene, limit: &str, expected: u64) -> Result<()> {
    let count = refusals(scene, limit)?;
    ensure!(count == expected, "{limit} counts {count} and not {expected}");
    Ok(())
}

/// Somebody who did nothing wrong and must not notice that others did.
struct Witness(Client);

impl Witness {
    async fn enter(scene: &Scene, way: Way) -> Result<Self> {
        let identity = Identity::bot(&scene.readers[0], intents::MESSAGES);
        Ok(Self(Client::enter(&scene.gateway.route(way), &identity).await?))
    }

    /// Posts a message and reads it on the connection that was there before.
    async fn is_unharmed(&mut self, scene: &Scene) -> Result<()> {
        scene.api().post(&scene.channel, "all is well")?;
        self.0.until_message("all is well").await.map(drop)
    }
}

/// Returns an IDENTIFY of the stranger, a bot who wants messages.
fn identify(scene: &Scene) -> Value {
    identify_as(&scene.readers[1].token, &json!({ "intents": intents::MESSAGES }))
}

fn identify_as(token: &str, extra: &Value) -> Value {
    let mut d = json!({ "token": token, "properties": {} });
    for (key, value) in extra.as_object().into_iter().flatten() {
        d[key] = value.clone();
    }
    json!({ "op": 2, "d": d })
}

/// Begins a session by `command` and expects it to be refused with `code`, on several links if
/// there are several commands; whoever was there before goes on.
async fn refuses_to_identify(
    scene: &Scene,
    way: Way,
    commands: &[Value],
    (code, limit): (u16, &str),
) -> Result<()> {
    let mut witness = Witness::enter(scene, way).await?;
    for command in commands {
        let mut stranger = Stranger::greeted(scene, way).await?;
        stranger.tell(command).await?;
        let closed = stranger.closed().await?;
        ensure!(closed.code == Some(code), "{closed:?} after {command}");
        ensure!(!closed.reason.is_empty(), "no reason after {command}");
    }
    counted(scene, limit, commands.len() as u64)?;
    witness.is_unharmed(scene).await
}

/// Has a session of the stranger closed by what it says, then resumes it.
async fn closes_and_keeps_the_session(
    scene: &Scene,
    way: Way,
    said: &[String],
    (code, limit): (u16, &str),
) -> Result<()> {
    let mut witness = Witness::enter(scene, way).await?;
    let mut stranger = Stranger::entered(scene, way).await?;
    for said in said {
        stranger.say(said).await?;
    }
    let closed = stranger.closed().await?;
    ensure!(closed.code == Some(code), "{closed:?} instead of {code}");
    counted(scene, limit, 1)?;
    misses_nothing(scene, &stranger).await?;
    witness.is_unharmed(scene).await
}

/// Posts while the stranger is away, who resumes and is told.
async fn misses_nothing(scene: &Scene, stranger: &Stranger) -> Result<()> {
    scene.api().post(&scene.channel, "while you were away")?;
    let mut back = stranger.resume(scene).await?;
    let missed = back.catch_up().await?;
    let told = missed.iter().any(|event| event["d"]["content"] == "while you were away");
    ensure!(told, "not told what was missed: {missed:?}");
    Ok(())
}
