//! A session that goes on over the other transport, again and again.

use anyhow::{Context as _, Result, anyhow, ensure};
use futures_util::future::try_join_all;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use throng_e2e::{
    Client, Event, FENCE, Gateway, Identity, Route, Scene, Way, Wire, alike, intents, say, seed,
};

const MESSAGES: usize = 600;
const POSTERS: usize = 3;
const READERS: usize = 4;
/// Events that a client reads before it hops, at most.
const READ_MAX: usize = 30;

#[tokio::test]
async fn a_session_hops_between_transports_and_is_told_everything_once_and_in_order() -> Result<()>
{
    let seed = seed()?;
    let scene = Scene::with_readers(Gateway::start()?, READERS)?;
    let mut readers = Vec::new();
    for (index, account) in scene.readers.iter().enumerate() {
        let routes = [
            [Way::WEBSOCKET, Way::WebSocket(Wire::Zstd)].map(|way| scene.gateway.route(way)),
            [Way::QUIC, Way::Quic(Wire::Zstd)].map(|way| scene.gateway.route(way)),
        ];
        let identity = Identity::bot(account, intents::MESSAGES);
        let client = Client::enter(&routes[0][0], &identity).await?;
        let rng = SmallRng::seed_from_u64(seed + index as u64);
        readers.push(Hopper { routes, rng, ids: Vec::new(), hops: 0 }.read(client));
    }
    let posting = scene.chatter(POSTERS, MESSAGES / POSTERS);
    let heard = try_join_all(readers).await?;
    posting.join().map_err(|_| anyhow!("the poster panicked"))??;
    let expected = scene.history()?;
    ensure!(expected.len() == MESSAGES + 1, "{} messages in the history", expected.len());
    for (reader, (ids, hops)) in heard.iter().enumerate() {
        alike(ids, &expected).with_context(|| format!("reader {reader}"))?;
        say(&format!("reader {reader}: {MESSAGES} messages exactly once over {hops} hops"));
        ensure!(*hops >= MESSAGES / READ_MAX, "reader {reader}: only {hops} hops");
    }
    Ok(())
}

/// A reader with the routes of each transport.
struct Hopper {
    routes: [[Route; 2]; 2],
    rng: SmallRng,
    ids: Vec<String>,
    hops: usize,
}

impl Hopper {
    /// Reads up to the fence, and takes the other transport after a random number of events.
    async fn read(mut self, mut client: Client) -> Result<(Vec<String>, usize)> {
        loop {
            for _ in 0..self.rng.random_range(0..READ_MAX) {
                if self.is_done(client.next().await?)? {
                    return Ok((self.ids, self.hops));
                }
            }
            self.hops += 1;
            let transport = self.hops % 2;
            let route = &self.routes[transport][self.rng.random_range(0..2)];
            client = if self.rng.random() {
                client.cut()?.resume_over(route).await?
            } else {
                // While the old link is open, which the gateway takes the session from.
                client.cursor().resume_over(route).await?
            };
        }
    }

    fn is_done(&mut self, event: Event) -> Result<bool> {
        let Event::Dispatch(dispatch) = event else { return Err(anyhow!("told {event:?}")) };
        if dispatch.t == "MESSAGE_CREATE" {
            self.ids.push(dispatch.d["id"].as_str().unwrap_or_default().to_owned());
        }
        Ok(dispatch.d["content"] == FENCE)
    }
}

#[tokio::test]
async fn what_one_transport_told_the_other_tells_again_to_the_byte() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, Way::ALL.len())?;
    for (first, account) in Way::ALL.into_iter().zip(&scene.readers) {
        let identity = Identity::bot(account, intents::MESSAGES);
        let mut client = Client::enter(&scene.gateway.route(first), &identity).await?;
        let start = client.cursor().seq();
        let mut told = Vec::new();
        for content in throng_e2e::unicode("again") {
            scene.api().post(&scene.channel, &content)?;
            told.push(client.expect("MESSAGE_CREATE").await?.raw);
        }
        for second in Way::ALL {
            let cursor = client.cursor().rewound(start);
            let mut again = cursor.resume_over(&scene.gateway.route(second)).await?;
            let replayed = again.catch_up().await?;
            let replayed = replayed.iter().map(|dispatch| dispatch.raw.trim_end());
            let replayed: Vec<_> = replayed.take(told.len()).collect();
            let told: Vec<_> = told.iter().map(|raw| raw.trim_end()).collect();
            ensure!(replayed == told, "{first:?} told {told:?}, {second:?} {replayed:?}");
        }
    }
    Ok(())
}
