//! Thousands of bodies of wrong shape, beside libraries that must not notice.
//!
//! `THRONG_E2E_BODIES` says how many, `THRONG_E2E_SEED` which.

mod attacker;
mod mutation;
mod template;
mod tree;

use std::collections::HashSet;

use anyhow::{Context as _, Result, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use throng_e2e::{Account, Driver, Gateway, Library, Scene, Way};
use ureq::http::Method;

use attacker::Attacker;
use template::{Carrier, Template};
use tree::Tree;

/// Bodies that are sent if nothing else is said, and the seed of them.
const BODIES: u64 = 3_000;
const SEED: u64 = 12;
/// Bodies after which a right message is posted, which every library must be told.
const BATCH: u64 = 250;
/// ADMINISTRATOR.
const ADMINISTRATOR: &str = "8";

/// A guild with an administrator who means no good, and places to do it in.
struct Stage {
    scene: Scene,
    /// May do everything but own the guild.
    attacker: Account,
    /// A member at whom things are done.
    victim: Account,
    /// Where the attacker posts.
    noise: String,
    /// A channel that may be spoiled.
    spare: String,
    /// A role that may be spoiled.
    role: String,
    /// A message of the attacker.
    mine: String,
    /// A command of the attacker's application.
    command: String,
    /// Messages that may be deleted.
    doomed: Vec<String>,
}

impl Stage {
    fn build(libraries: usize) -> Result<Self> {
        let gateway = Gateway::builder()
            .set("limits.payloads_max", &1_000_000)
            .set("budgets.written.amount", &0)
            .set("budgets.read.amount", &0)
            .start()?;
        let mut scene = Scene::with_readers(gateway, libraries)?;
        let admin = scene.gateway.admin()?;
        let (attacker, victim) = (admin.bot("attacker")?, admin.bot("victim")?);
        let readers = scene.readers.iter().map(|user| json!({ "user_id": user.id }));
        let mut members: Vec<_> = readers.collect();
        members.push(json!({ "user_id": attacker.id, "roles": ["admins"] }));
        members.push(json!({ "user_id": victim.id }));
        scene.guild = admin.guild(&json!({
            "name": "under fire",
            "owner_id": scene.author.id,
            "roles": [{ "name": "spare" }, { "name": "admins", "permissions": ADMINISTRATOR }],
            "channels": [{ "name": "general" }, { "name": "noise" }, { "name": "spare" }],
            "members": members,
        }))?;
        scene.channel = scene.guild.channel("general")?;
        let noise = scene.guild.channel("noise")?;
        let api = scene.gateway.api(&attacker);
        let mine = api.post(&noise, "mine")?;
        let doomed = (0..2).map(|_| api.post(&noise, "doomed")).collect::<Result<_>>()?;
        let sing = json!({ "name": "sing", "description": "d" });
        let path = format!("/applications/{}/commands", attacker.id);
        let (_, made) = api.call(&Method::POST, &path, Some(&sing))?;
        let command = made["id"].as_str().context("a command")?.to_owned();
        let (spare, role) = (scene.guild.channel("spare")?, scene.guild.role("spare")?);
        Ok(Self { scene, attacker, victim, noise, spare, role, mine, command, doomed })
    }

    fn attacker(&self) -> Result<Attacker> {
        let gateway = &self.scene.gateway;
        let routes = [Way::WEBSOCKET, Way::QUIC].map(|way| gateway.route(way)).to_vec();
        let api = gateway.api(&self.attacker);
        Ok(Attacker::new(self.attacker.clone(), api, gateway.admin()?, routes))
    }
}

/// A library, and the messages that it told of.
struct Reader {
    driver: Driver,
    told: HashSet<String>,
}

impl Reader {
    /// Reads up to a message of the author.
    fn until(&mut self, content: &str) -> Result<()> {
        loop {
            let message = self.driver.expect("message")?;
            let id = message["id"].as_str().context("a message without an id")?;
            self.told.insert(id.to_owned());
            if message["content"] == content {
                return Ok(());
            }
        }
    }

    /// Has the library read a channel, whose messages it must all have been told of.
    fn has_read(&mut self, channel: &str, messages: &[Value]) -> Result<()> {
        let due: HashSet<_> = messages.iter().filter_map(|one| one["id"].as_str()).collect();
        let read = self.driver.history(channel)?;
        let read: HashSet<_> = read.iter().map(String::as_str).collect();
        ensure!(read == due, "reads {} messages of {}", read.len(), due.len());
        let missed = due.into_iter().find(|id| !self.told.contains(*id));
        ensure!(missed.is_none(), "was not told of {missed:?}");
        Ok(())
    }
}

#[tokio::test]
async fn no_body_of_wrong_shape_hurts_a_library() -> Result<()> {
    if !throng_e2e::all_libraries()? {
        return Ok(());
    }
    let stage = Stage::build(Library::ALL.len())?;
    let mut readers = Vec::new();
    for (library, account) in Library::ALL.into_iter().zip(&stage.scene.readers) {
        let driver = Driver::start(library, library.wire(), &stage.scene.gateway, account)?;
        readers.extend(
            driver.map(|driver| Reader { driver, told: HashSet::from([stage.mine.clone()]) }),
        );
    }
    for reader in &mut readers {
        reader.driver.expect("ready")?;
    }
    attack(&stage, &mut readers).await?;
    ensure!(stage.scene.gateway.admin()?.ready()?.0 == 200, "the gateway is not ready");
    for channel in [&stage.scene.channel, &stage.noise] {
        let messages = stage.scene.api().history(channel)?;
        for (reader, library) in readers.iter_mut().zip(Library::ALL) {
            reader.has_read(channel, &messages).with_context(|| library.name())?;
        }
    }
    readers.into_iter().try_for_each(|reader| reader.driver.close())
}

/// Sends all the bodies, with right messages between them.
async fn attack(stage: &Stage, readers: &mut [Reader]) -> Result<()> {
    let (seed, bodies) = (number("SEED", SEED)?, number("BODIES", BODIES)?);
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut attacker = stage.attacker()?;
    let templates = template::all(stage);
    let trees: Vec<_> = templates.iter().map(|one| Tree::from(&one.body)).collect();
    let mut wrong = Vec::new();
    for Template { carrier, body } in &templates {
        let status = attacker.send(carrier, body.to_string().into_bytes(), &mut rng).await?;
        // The parts of a form are not always as they should be.
        let right = matches!(carrier, Carrier::Form(..)) || status.is_none_or(|code| code < 300);
        wrong.extend((!right).then(|| format!("{status:?}: {carrier:?} {body}")));
    }
    ensure!(wrong.is_empty(), "not taken, but right:\n{}", wrong.join("\n"));
    let mut batch = Vec::new();
    for index in 0..bodies.next_multiple_of(BATCH) {
        let number = rng.random_range(0..templates.len());
        let (carrier, body) =
            (&templates[number].carrier, mutation::spoil(&trees[number], &mut rng));
        let shown =
            || format!("THRONG_E2E_SEED={seed}, body {index}, {carrier:?}: {}", brief(&body));
        batch.push(shown());
        attacker.send(carrier, body.clone(), &mut rng).await.with_context(shown)?;
        if (index + 1) % BATCH == 0 {
            let fence = format!("right after {index}");
            stage.scene.api().post(&stage.scene.channel, &fence)?;
            for (reader, library) in readers.iter_mut().zip(Library::ALL) {
                let told = reader.until(&fence);
                told.with_context(|| format!("{} after\n{}", library.name(), batch.join("\n")))?;
            }
            batch.clear();
        }
    }
    Ok(())
}

/// Shows as much of a body as one wants to read.
fn brief(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(3_000).collect()
}

fn number(name: &str, default: u64) -> Result<u64> {
    match std::env::var(format!("THRONG_E2E_{name}")) {
        Ok(number) => Ok(number.parse()?),
        Err(_) => Ok(default),
    }
}
