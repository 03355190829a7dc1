//! The gateway is killed in the middle of posting.

use std::thread;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use futures_util::future::try_join_all;
use serde_json::Value;
use throng_e2e::{
    Account, Api, Client, Cursor, Event, FENCE, Gateway, Identity, PATIENCE, Scene, Way, alike,
    intents, say,
};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

const POSTERS: usize = 3;
/// Kills, unless `THRONG_E2E_CRASHES` says how many.
const CRASHES: usize = 3;
/// Acknowledged messages in each life of the gateway.
const ACKNOWLEDGED: usize = 120;
/// Between heartbeats: over QUIC nothing else tells that the other side is gone.
const INTERVAL_MS: u32 = 1000;

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_reaches_everybody_exactly_once() -> Result<()> {
    let gateway = Gateway::builder().set("gateway.heartbeat_interval_ms", &INTERVAL_MS).start()?;
    let mut scene = Scene::with_readers(gateway, Way::ALL.len())?;
    let (lives, life) = watch::channel(0);
    let mut readers = Vec::new();
    for (way, account) in Way::ALL.into_iter().zip(&scene.readers) {
        let client = enter(&scene, way, account).await?;
        readers.push(tokio::spawn(read(client, life.clone())));
    }
    let (acks, mut acked) = mpsc::channel(1024);
    let posters: Vec<_> = (0..POSTERS)
        .map(|poster| {
            let (api, channel) = (scene.api(), scene.channel.clone());
            let (acks, life) = (acks.clone(), life.clone());
            let runtime = Handle::current();
            thread::spawn(move || {
                let poster = Poster { api, channel, number: poster, acks };
                poster.post(&runtime, life)
            })
        })
        .collect();
    drop(acks);
    let (mut acknowledged, crashes) = (Vec::new(), crashes()?);
    for crash in 0..=crashes {
        while acknowledged.len() < ACKNOWLEDGED * (crash + 1) {
            let id = timeout(PATIENCE, acked.recv()).await?;
            acknowledged.push(id.ok_or_else(|| anyhow!("the posters gave up"))?);
        }
        if crash < crashes {
            scene.gateway.kill9()?;
            scene.gateway.restart()?;
            lives.send_replace(crash + 1);
        }
    }
    // Posters stop when nobody takes their acknowledgements; those under way still count.
    acked.close();
    while let Some(id) = acked.recv().await {
        acknowledged.push(id);
    }
    for poster in posters {
        poster.join().map_err(|_| anyhow!("a poster panicked"))??;
    }
    acknowledged.push(scene.api().post(&scene.channel, FENCE)?);
    let heard = timeout(PATIENCE, try_join_all(readers)).await??;
    check(&scene, &acknowledged, heard)
}

fn crashes() -> Result<usize> {
    match std::env::var("THRONG_E2E_CRASHES") {
        Ok(crashes) => Ok(crashes.parse()?),
        Err(_) => Ok(CRASHES),
    }
}

fn check(scene: &Scene, acknowledged: &[String], heard: Vec<Result<Vec<String>>>) -> Result<()> {
    let history = scene.api().history(&scene.channel)?;
    let id = |message: &Value| message["id"].as_str().map(str::to_owned);
    let history: Vec<_> = history.iter().filter_map(id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !history.contains(id)).collect();
    ensure!(lost.is_empty(), "acknowledged and not in the history: {lost:?}");
    for (way, heard) in Way::ALL.into_iter().zip(heard) {
        let heard = heard.with_context(|| format!("{way:?}"))?;
        alike(&heard, &history).with_context(|| format!("{way:?}"))?;
    }
    let (acknowledged, stored, crashes) = (acknowledged.len(), history.len(), crashes()?);
    say(&format!("{crashes} kills: {acknowledged} acknowledged, {stored} stored and delivered"));
    Ok(())
}

async fn enter(scene: &Scene, way: Way, account: &Account) -> Result<Client> {
    let identity = Identity::bot(account, intents::MESSAGES);
    Client::enter(&scene.gateway.route(way), &identity).await
}

struct Poster {
    api: Api,
    channel: String,
    number: usize,
    acks: mpsc::Sender<String>,
}

impl Poster {
    /// Posts until nobody takes acknowledgements; after a failure waits for the next life.
    fn post(&self, runtime: &Handle, mut life: watch::Receiver<usize>) -> Result<()> {
        for n in 0.. {
            let before = *life.borrow();
            match self.api.post(&self.channel, &format!("{} {n}", self.number)) {
                Ok(id) => {
                    if self.acks.blocking_send(id).is_err() {
                        return Ok(());
                    }
                }
                Err(error) if self.acks.is_closed() => bail!("in the last life: {error:#}"),
                Err(_) => drop(runtime.block_on(life.wait_for(|now| *now > before))?),
            }
        }
        Ok(())
    }
}

/// Reads up to the fence; whenever the gateway dies, resumes in its next life.
async fn read(mut client: Client, mut life: watch::Receiver<usize>) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    loop {
        match client.next().await? {
            Event::Dispatch(dispatch) if dispatch.t == "MESSAGE_CREATE" => {
                ids.push(dispatch.d["id"].as_str().unwrap_or_default().to_owned());
                if dispatch.d["content"] == FENCE {
                    return Ok(ids);
                }
            }
            Event::Dispatch(_) => {}
            Event::Closed(_) => client = again(client.cursor(), &mut life).await?,
            other => bail!("told {other:?}"),
        }
    }
}

/// Resumes in this life or a later one.
async fn again(cursor: Cursor, life: &mut watch::Receiver<usize>) -> Result<Client> {
    loop {
        // Looked at before dialing: should this life end meanwhile, one more will follow.
        let alive = *life.borrow();
        if let Ok(client) = cursor.clone().resume().await {
            return Ok(client);
        }
        timeout(PATIENCE, life.wait_for(|now| *now > alive)).await??;
    }
}
