//! Log lines that nobody takes.

use anyhow::{Result, ensure};
use throng_e2e::{Client, Errors, FENCE, Gateway, Identity, Scene, Way, intents};

#[tokio::test]
async fn a_log_that_cannot_be_written_harms_nobody() -> Result<()> {
    for errors in [Errors::Full, Errors::Closed, Errors::Unread] {
        // Each request, link and commit leaves lines.
        let gateway = Gateway::builder().set("log.filter", &"trace").errors(errors).start()?;
        let mut scene = Scene::with_readers(gateway, 1)?;
        let identity = Identity::bot(&scene.readers[0], intents::MESSAGES);
        let mut client = Client::enter(&scene.gateway.route(Way::ALL[0]), &identity).await?;
        for number in 0..20 {
            scene.api().post(&scene.channel, &format!("{number}"))?;
        }
        scene.api().post(&scene.channel, FENCE)?;
        ensure!(client.until_message(FENCE).await?.len() == 20, "{errors:?}: messages are lost");
        drop(client);
        scene.gateway.terminate()?;
        let status = scene.gateway.wait()?;
        ensure!(status.success(), "{errors:?}: ended with {status}");
    }
    Ok(())
}
