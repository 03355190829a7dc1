//! A thousand messages to clients whose sockets are cut again and again, each on its own way.

use anyhow::{Context as _, Result, anyhow, ensure};
use futures_util::future::try_join_all;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use throng_e2e::{Client, Event, FENCE, Gateway, Identity, Scene, Way, alike, intents, say, seed};

const MESSAGES: usize = 1000;
const POSTERS: usize = 4;
/// Events that a client reads before its socket is cut, at most.
const READ_MAX: usize = 40;

#[tokio::test]
async fn a_thousand_messages_arrive_exactly_once_through_random_cuts() -> Result<()> {
    let seed = seed()?;
    let scene = Scene::with_readers(Gateway::start()?, Way::ALL.len())?;
    let mut readers = Vec::new();
    for (index, way) in Way::ALL.into_iter().enumerate() {
        let identity = Identity::bot(&scene.readers[index], intents::MESSAGES);
        let client = Client::enter(&scene.gateway.route(way), &identity).await?;
        readers.push(read(client, SmallRng::seed_from_u64(seed + index as u64)));
    }
    let posting = scene.chatter(POSTERS, MESSAGES / POSTERS);
    let heard = try_join_all(readers).await?;
    posting.join().map_err(|_| anyhow!("the poster panicked"))??;
    let expected = scene.history()?;
    ensure!(expected.len() == MESSAGES + 1, "{} messages in the history", expected.len());
    for (way, (ids, cuts)) in Way::ALL.into_iter().zip(heard) {
        alike(&ids, &expected).with_context(|| format!("{way:?}"))?;
        say(&format!("{way:?}: {MESSAGES} messages exactly once through {cuts} cuts"));
        ensure!(cuts >= MESSAGES / READ_MAX, "{way:?}: only {cuts} cuts");
    }
    Ok(())
}

/// Reads up to the fence, cutting the socket after a random number of events; the client itself
/// checks that each number comes once, and in order where there is one order.
async fn read(mut client: Client, mut rng: SmallRng) -> Result<(Vec<String>, usize)> {
    let (mut ids, mut cuts) = (Vec::new(), 0);
    loop {
        // None at all is the cut between RESUME and RESUMED.
        for _ in 0..rng.random_range(0..READ_MAX) {
            let event = client.next().await?;
            let Event::Dispatch(dispatch) = event else { return Err(anyhow!("told {event:?}")) };
            if dispatch.t == "MESSAGE_CREATE" {
                ids.push(dispatch.d["id"].as_str().unwrap_or_default().to_owned());
                if dispatch.d["content"] == FENCE {
                    return Ok((ids, cuts));
                }
            }
        }
        client = client.cut()?.resume().await?;
        cuts += 1;
    }
}
