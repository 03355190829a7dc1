//! The gateway is killed in the middle of posting.

use std::thread;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use futures_util::future::try_join_all;
use serde_json::Value;
use throng_e2e::{
    Account, Api, Client, Cursor, Event, Gateway, Identity, PATIENCE, Scene, Wire, alike, intents,
    say,
};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

const POSTERS: usize = 3;
const CRASHES: usize = 3;
/// Acknowledged messages in each life of the gateway.
const ACKNOWLEDGED: usize = 120;
/// Ends every story.
const FENCE: &str = "that was all";

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_reaches_everybody_exactly_once() -> Result<()> {
    let mut scene = Scene::with_readers(Gateway::start()?, Wire::ALL.len())?;
    let (lives, life) = watch::channel(0);
    let mut readers = Vec::new();
    for (wire, account) in Wire::ALL.into_iter().zip(&scene.readers) {
        let client = enter(&scene, wire, account).await?;
        readers.push(tokio::spawn(read(client.lenient(), life.clone())));
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
    let mut acknowledged = Vec::new();
    for crash in 0..=CRASHES {
        while acknowledged.len() < ACKNOWLEDGED * (crash + 1) {
            let id = timeout(PATIENCE, acked.recv()).await?;
            acknowledged.push(id.ok_or_else(|| anyhow!("the posters gave up"))?);
        }
        if crash < CRASHES {
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

fn check(scene: &Scene, acknowledged: &[String], heard: Vec<Result<Vec<String>>>) -> Result<()> {
    let history = scene.api().history(&scene.channel)?;
    let id = |message: &Value| message["id"].as_str().map(str::to_owned);
    let history: Vec<_> = history.iter().filter_map(id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !history.contains(id)).collect();
    ensure!(lost.is_empty(), "acknowledged and not in the history: {lost:?}");
    for (wire, heard) in Wire::ALL.into_iter().zip(heard) {
        let heard = heard?;
        alike(&heard, &history).with_context(|| format!("{wire:?}"))?;
    }
    let (acknowledged, stored) = (acknowledged.len(), history.len());
    say(&format!("{CRASHES} kills: {acknowledged} acknowledged, {stored} stored and delivered"));
    Ok(())
}

async fn enter(scene: &Scene, wire: Wire, account: &Account) -> Result<Client> {
    let identity = Identity::bot(account, intents::MESSAGES);
    Client::enter(&scene.gateway.url(), wire, &identity).await
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
    let (mut ids, mut alive) = (Vec::new(), *life.borrow());
    loop {
        match client.next().await? {
            Event::Dispatch(dispatch) if dispatch.t == "MESSAGE_CREATE" => {
                ids.push(dispatch.d["id"].as_str().unwrap_or_default().to_owned());
                if dispatch.d["content"] == FENCE {
                    return Ok(ids);
                }
            }
            Event::Dispatch(_) => {}
            Event::Closed(_) => client = again(client.cursor(), &mut life, &mut alive).await?,
            other => bail!("told {other:?}"),
        }
    }
}

/// Resumes in a later life than `alive`, and says in which.
async fn again(
    cursor: Cursor,
    life: &mut watch::Receiver<usize>,
    alive: &mut usize,
) -> Result<Client> {
    loop {
        timeout(PATIENCE, life.wait_for(|now| *now > *alive)).await??;
        // Looked at before dialing: should this life end meanwhile, one more will follow.
        *alive = *life.borrow();
        if let Ok(client) = cursor.clone().resume().await {
            return Ok(client);
        }
    }
}
