//! Clients whose address changes: links over QUIC go on, without a RESUME.

use anyhow::{Result, ensure};
use throng_e2e::{Client, Ferry, Gateway, Identity, Scene, Way, intents};

const MOVES: usize = 20;

#[tokio::test]
async fn a_client_on_the_move_keeps_its_link() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES);
    let mut client = Client::enter(&scene.gateway.route(Way::QUIC), &identity).await?;
    for n in 0..MOVES {
        let content = format!("wherever you are {n}");
        client.move_away()?;
        scene.api().post(&scene.channel, &content)?;
        let passed = client.until_message(&content).await?;
        ensure!(passed.is_empty(), "told {passed:?}");
    }
    goes_on_as_one_link(&scene)
}

#[tokio::test]
async fn a_router_that_gives_its_client_another_address_ends_no_link() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES);
    let route = scene.gateway.route(Way::QUIC);
    let ferry = Ferry::to(route.address(), 0).await?;
    let mut client = Client::enter(&route.through(ferry.address()), &identity).await?;
    for n in 0..MOVES {
        let content = format!("wherever you are {n}");
        ferry.moves().await?;
        scene.api().post(&scene.channel, &content)?;
        // The client knows nothing of it; the gateway does when the client says anything.
        client.heartbeat().await?;
        let passed = client.until_message(&content).await?;
        ensure!(passed.is_empty(), "told {passed:?}");
    }
    goes_on_as_one_link(&scene)
}

/// Checks that nobody has connected or resumed since the client entered.
fn goes_on_as_one_link(scene: &Scene) -> Result<()> {
    let admin = scene.gateway.admin()?;
    let (links, resumes) = (admin.metric("throng_links")?, admin.metric("throng_resumes_total")?);
    ensure!((links, resumes) == (1, 0), "{links} links and {resumes} resumes");
    Ok(())
}
