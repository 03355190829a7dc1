//! A thousand messages to clients whose sockets are cut again and again.

use std::thread;

use anyhow::{Context as _, Result, anyhow, ensure};
use futures_util::future::try_join_all;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use throng_e2e::{Client, Event, Gateway, Identity, Scene, Wire, alike, intents, say};

const MESSAGES: usize = 1000;
const POSTERS: usize = 4;
/// Events that a client reads before its socket is cut, at most.
const READ_MAX: usize = 40;
/// Ends every story.
const FENCE: &str = "that was all";

#[tokio::test]
async fn a_thousand_messages_arrive_exactly_once_through_random_cuts() -> Result<()> {
    let seed: u64 = match std::env::var("THRONG_E2E_SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => rand::random(),
    };
    eprintln!("again with THRONG_E2E_SEED={seed}");
    let scene = Scene::with_readers(Gateway::start()?, Wire::ALL.len())?;
    let mut readers = Vec::new();
    for (index, wire) in Wire::ALL.into_iter().enumerate() {
        let identity = Identity::bot(&scene.readers[index], intents::MESSAGES);
        let client = Client::enter(&scene.gateway.url(), wire, &identity).await?;
        readers.push(read(client, SmallRng::seed_from_u64(seed + index as u64)));
    }
    let posting = post(&scene);
    let heard = try_join_all(readers).await?;
    posting.join().map_err(|_| anyhow!("the poster panicked"))??;
    let history = scene.api().history(&scene.channel)?;
    ensure!(history.len() == MESSAGES + 1, "{} messages in the history", history.len());
    let expected: Vec<_> = history.iter().map(|message| message["id"].to_string()).collect();
    for (wire, (ids, cuts)) in Wire::ALL.into_iter().zip(heard) {
        alike(&ids, &expected).with_context(|| format!("{wire:?}"))?;
        say(&format!("{wire:?}: {MESSAGES} messages exactly once through {cuts} cuts"));
        ensure!(cuts >= MESSAGES / READ_MAX, "{wire:?}: only {cuts} cuts");
    }
    Ok(())
}

/// Posts from several threads at once, then the fence.
fn post(scene: &Scene) -> thread::JoinHandle<Result<()>> {
    let (api, channel) = (scene.api(), scene.channel.clone());
    thread::spawn(move || {
        thread::scope(|scope| {
            let posters: Vec<_> = (0..POSTERS)
                .map(|poster| {
                    let (api, channel) = (api.clone(), &channel);
                    scope.spawn(move || {
                        (0..MESSAGES / POSTERS)
                            .try_for_each(|n| api.post(channel, &format!("{poster} {n}")).map(drop))
                    })
                })
                .collect();
            posters
                .into_iter()
                .try_for_each(|poster| poster.join().map_err(|_| anyhow!("a poster panicked"))?)
        })?;
        api.post(&channel, FENCE).map(drop)
    })
}

/// Reads up to the fence, cutting the socket after a random number of events; the client itself
/// checks that numbers follow each other without gaps.
async fn read(mut client: Client, mut rng: SmallRng) -> Result<(Vec<String>, usize)> {
    let (mut ids, mut cuts) = (Vec::new(), 0);
    loop {
        // None at all is the cut between RESUME and RESUMED.
        for _ in 0..rng.random_range(0..READ_MAX) {
            let event = client.next().await?;
            let Event::Dispatch(dispatch) = event else { return Err(anyhow!("told {event:?}")) };
            if dispatch.t == "MESSAGE_CREATE" {
                ids.push(dispatch.d["id"].to_string());
                if dispatch.d["content"] == FENCE {
                    return Ok((ids, cuts));
                }
            }
        }
        client = client.drop_socket()?.resume().await?;
        cuts += 1;
    }
}
