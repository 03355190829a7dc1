//! Certificates of the operator's own, which change while the gateway runs.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use throng_e2e::{Client, Fingerprint, Gateway, Identity, PATIENCE, Scene, Way, intents};
use tokio::time::Instant;

/// Files of a certificate, as settings name them.
struct Files {
    chain: PathBuf,
    key: PathBuf,
    _folder: TempDir,
}

impl Files {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
        Ok(Self { chain, key, _folder: folder })
    }

    /// Writes another certificate in the place of the old one.
    fn renew(&self) -> Result<Fingerprint> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()])?;
        fs::write(&self.key, signing_key.serialize_pem())?;
        fs::write(&self.chain, cert.pem())?;
        Ok(Fingerprint::of(cert.der()))
    }
}

#[tokio::test]
async fn a_certificate_is_renewed_for_new_links_while_old_ones_go_on() -> Result<()> {
    let files = Files::new()?;
    let first = files.renew()?;
    let gateway = Gateway::builder()
        .set("quic.transport.certificate.chain", &files.chain.display())
        .set("quic.transport.certificate.key", &files.key.display())
        .start()?;
    ensure!(gateway.quic().1 == first, "the gateway prints another certificate");
    let scene = Scene::with_readers(gateway, 2)?;
    let route = scene.gateway.route(Way::QUIC);
    let identities = [0, 1].map(|n| Identity::bot(&scene.readers[n], intents::MESSAGES));
    let mut before = Client::enter(&route, &identities[0]).await?;

    let second = files.renew()?;
    scene.gateway.hang_up()?;
    let deadline = Instant::now() + PATIENCE;
    let renewed = route.clone().certified(second);
    let mut after = loop {
        match Client::enter(&renewed, &identities[1]).await {
            Ok(client) => break client,
            Err(error) => ensure!(Instant::now() < deadline, "the old one goes on: {error:#}"),
        }
    };
    ensure!(Client::connect(&route).await.is_err(), "the old certificate is shown again");
    scene.api().post(&scene.channel, "to both")?;
    before.until_message("to both").await?;
    after.until_message("to both").await.map(drop)
}
