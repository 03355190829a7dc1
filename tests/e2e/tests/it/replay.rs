//! What a session was told once, it is told again to the byte.

use anyhow::{Context as _, Result, ensure};
use throng_e2e::{Client, Dispatch, FENCE, Gateway, Identity, Scene, Way, intents, unicode};

#[tokio::test]
async fn a_resume_from_any_number_replays_the_same_bytes() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, Way::ALL.len())?;
    for (way, account) in Way::ALL.into_iter().zip(&scene.readers) {
        let mut client = Client::connect(&scene.gateway.route(way)).await?;
        client.identify(&Identity::bot(account, intents::MESSAGES)).await?;
        let mut told = vec![client.expect("GUILD_CREATE").await?];
        let api = scene.api();
        for content in unicode("again") {
            let id = api.post(&scene.channel, &content)?;
            told.push(client.expect("MESSAGE_CREATE").await?);
            ensure!(told.last().is_some_and(|last| last.d["id"] == id.as_str()), "another message");
        }
        let middle = told[told.len() / 2].s;
        // While the first connection is open, which the resume takes the session from.
        let told = replays(client.cursor().rewound(1).resume().await?, &told).await?;
        let later: Vec<_> = told.into_iter().filter(|dispatch| dispatch.s > middle).collect();
        replays(client.cursor().rewound(middle).resume().await?, &later).await?;
    }
    Ok(())
}

#[tokio::test]
async fn payload_compression_carries_the_same_payloads() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES).compressed();
    let mut client = Client::enter(&scene.gateway.route(Way::WEBSOCKET), &identity).await?;
    for content in unicode("blob") {
        scene.api().post(&scene.channel, &content)?;
        let message = client.expect("MESSAGE_CREATE").await?;
        ensure!(message.d["content"] == content.as_str(), "{} is not {content:?}", message.raw);
    }
    scene.api().post(&scene.channel, FENCE)?;
    let passed = client.until_message(FENCE).await?;
    ensure!(passed.is_empty(), "told {passed:?}");
    Ok(())
}

/// Checks that a resumed client is told exactly `told`, then RESUMED; returns all of that.
async fn replays(mut client: Client, told: &[Dispatch]) -> Result<Vec<Dispatch>> {
    let mut again = Vec::new();
    while again.len() <= told.len() {
        again.push(client.next_dispatch().await?);
    }
    // Over QUIC, RESUMED may overtake what came before it.
    again.sort_by_key(|dispatch| dispatch.s);
    let (resumed, replayed) = again.split_last().context("nothing is told")?;
    for (second, first) in replayed.iter().zip(told) {
        ensure!(second.raw == first.raw, "replayed {}\nfirst was {}", second.raw, first.raw);
    }
    ensure!(resumed.t == "RESUMED", "{} where RESUMED is due", resumed.raw);
    ensure!(resumed.d.is_object(), "the data of RESUMED is no object: {}", resumed.raw);
    Ok(again)
}
