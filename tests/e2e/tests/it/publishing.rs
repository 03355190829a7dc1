//! The client library posts exactly once and is told exactly once, whatever becomes of its links.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::try_join_all;
use throng_client::{Builder, Client, Event, Events, Intents, Transport};
use throng_e2e::{Account, FENCE, Gateway, PATIENCE, Scene, alike, intents, say};
use tokio::sync::mpsc;
use tokio::time::timeout;

const POSTERS: usize = 4;
/// Messages of each.
const EACH: usize = 60;
const KILLS: usize = 3;
/// Between heartbeats: over QUIC nothing else tells that the other side is gone.
const INTERVAL_MS: u32 = 500;
/// Waits before connecting again, at first and at most.
const WAITS: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

#[tokio::test]
async fn the_client_library_posts_and_is_told_exactly_once_through_kills() -> Result<()> {
    let gateway = Gateway::builder().set("gateway.heartbeat_interval_ms", &INTERVAL_MS).start()?;
    let mut scene = Scene::with_readers(gateway, 1)?;
    let (_, mut told) = client(&scene, &scene.readers[0])?.only(Transport::Quic).connect()?;
    while !matches!(next(&mut told).await?, Event::GuildCreate(_)) {}
    let (author, _) = client(&scene, &scene.author)?.connect()?;
    let (acks, mut acked) = mpsc::channel(POSTERS * EACH);
    let channel = scene.channel.parse()?;
    let posters = (0..POSTERS).map(|poster| {
        let (author, acks) = (author.clone(), acks.clone());
        tokio::spawn(async move {
            for n in 0..EACH {
                let content = format!("{poster} {n}");
                author.publish(channel, &content).await.context(content)?;
                acks.send(()).await?;
            }
            anyhow::Ok(())
        })
    });
    let posters = posters.collect::<Vec<_>>();
    for _ in 0..KILLS {
        for _ in 0..POSTERS * EACH / (KILLS + 1) {
            timeout(PATIENCE, acked.recv()).await?.context("the posters gave up")?;
        }
        scene.gateway.kill9()?;
        scene.gateway.restart()?;
    }
    for posted in try_join_all(posters).await? {
        posted?;
    }
    author.publish(channel, FENCE).await?;
    check(&scene, &mut told).await
}

/// Checks that everything is there once, and was told once and in order.
async fn check(scene: &Scene, told: &mut Events) -> Result<()> {
    let history = scene.api().history(&scene.channel)?;
    let history: Vec<_> =
        history.iter().filter_map(|message| message["content"].as_str()).collect();
    let mut posted: Vec<_> = history[..history.len() - 1].to_vec();
    posted.sort_unstable();
    let due = (0..POSTERS).flat_map(|poster| (0..EACH).map(move |n| format!("{poster} {n}")));
    let mut due: Vec<_> = due.collect();
    due.sort_unstable();
    alike(&posted, &due).context("posted")?;
    let (mut contents, mut links) = (Vec::new(), 0);
    while contents.last().is_none_or(|last| last != FENCE) {
        match next(told).await? {
            Event::MessageCreate(posted) => contents.push(posted.message.content.clone()),
            Event::Reconnecting { .. } => links += 1,
            lost @ (Event::SessionLost | Event::Closed(_)) => bail!("told {lost:?}"),
            _ => {}
        }
    }
    alike(&contents, &history.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())?;
    say(&format!("{} messages exactly once, {links} links lost", contents.len()));
    ensure!(links > 0, "no link was lost");
    Ok(())
}

fn client(scene: &Scene, account: &Account) -> Result<Builder> {
    let wanted = Intents::parse(intents::MESSAGES).context("no intents")?;
    Ok(Client::builder(&account.token)
        .quic(scene.gateway.quic().0.to_string(), "localhost")
        .websocket(scene.gateway.url())
        .intents(wanted)
        .backoff(WAITS[0], WAITS[1])
        .request_time(PATIENCE))
}

async fn next(events: &mut Events) -> Result<Event> {
    timeout(PATIENCE, events.next()).await.context("nothing came")?.context("the client has ended")
}
