//! Clients of either server, which count frames and keep nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    ClientConfig, Connection, Endpoint, IdleTimeout, RecvStream, SendStream, TransportConfig,
};
use rustls::crypto::aws_lc_rs;
use throng_proto::throng::{self, Decoder, Frame, Head, Message, Open, PREAMBLE_BYTES};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use crate::crowd::identify;

/// Handshakes at the same time.
const ENTERING_MAX: usize = 64;
/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest frame of a server: GUILD_CREATE of a large guild is the longest.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Connections that listen.
pub(super) struct Audience {
    hall: Arc<Hall>,
    _endpoint: Endpoint,
    _clients: JoinSet<anyhow::Result<()>>,
}

struct Hall {
    doors: Semaphore,
    entered: AtomicUsize,
    frames: AtomicUsize,
    frame_bytes: AtomicUsize,
    awaited: AtomicUsize,
    news: Notify,
    /// Changes when everybody is to send a heartbeat.
    beats: watch::Sender<()>,
}

impl Audience {
    /// Connects clients, and waits until each was sent its guild.
    pub(super) async fn enter(
        address: SocketAddr,
        tokens: &[String],
        count: usize,
    ) -> anyhow::Result<Self> {
        let mut endpoint = Endpoint::client(([127, 0, 0, 1], 0).into())?;
        endpoint.set_default_client_config(config()?);
        let hall = Arc::new(Hall {
            doors: Semaphore::new(ENTERING_MAX),
            entered: AtomicUsize::new(0),
            frames: AtomicUsize::new(0),
            frame_bytes: AtomicUsize::new(0),
            awaited: AtomicUsize::new(count),
            news: Notify::new(),
            beats: watch::Sender::new(()),
        });
        let mut clients = JoinSet::new();
        for number in 0..count {
            let token = tokens.get(number % tokens.len().max(1)).cloned().unwrap_or_default();
            clients.spawn(listen(Arc::clone(&hall), endpoint.clone(), address, token));
        }
        let mut audience = Self { hall, _endpoint: endpoint, _clients: clients };
        audience.entered(count).await?;
        Ok(audience)
    }

    async fn entered(&mut self, count: usize) -> anyhow::Result<()> {
        while self.hall.entered.load(Ordering::Relaxed) < count {
            tokio::select! {
                () = self.hall.news.notified() => {}
                ended = self._clients.join_next() => {
                    ended.context("nobody is left")??.context("a client")?;
                    bail!("a client was let go");
                }
            }
        }
        Ok(())
    }

    /// Waits until so many frames have arrived after the guilds.
    pub(super) async fn until(&self, count: usize) -> anyhow::Result<()> {
        self.hall.awaited.store(count, Ordering::Relaxed);
        let arrived = async {
            while self.hall.frames.load(Ordering::Relaxed) < count {
                self.hall.news.notified().await;
            }
        };
        let there = || self.hall.frames.load(Ordering::Relaxed);
        let waited = tokio::time::timeout(PATIENCE, arrived).await;
        waited.with_context(|| format!("only {} of {count} frames arrived", there()))
    }

    /// Lets everybody acknowledge what it was sent.
    pub(super) fn beat(&self) {
        self.hall.beats.send_replace(());
    }

    /// Returns how long the last frame's body was.
    pub(super) fn frame_bytes(&self) -> usize {
        self.hall.frame_bytes.load(Ordering::Relaxed)
    }
}

async fn listen(
    hall: Arc<Hall>,
    endpoint: Endpoint,
    address: SocketAddr,
    token: String,
) -> anyhow::Result<()> {
    let door = hall.doors.acquire().await?;
    let connection = endpoint.connect(address, "localhost")?.await?;
    let (mut control, answers) = connection.open_bi().await?;
    control.write_all(&Message::Open(Open { v: 10, compress: None }).frame()).await?;
    control.write_all(&throng::whole(Head::Payload, identify(&token).as_bytes())).await?;
    let (stream, mut decoder) = guild(&hall, &connection).await?;
    drop(door);
    tokio::try_join!(
        drain(answers),
        beat(hall.beats.subscribe(), control),
        count(&hall, stream, &mut decoder)
    )?;
    Ok(())
}

/// Sends a heartbeat whenever it is time; READY and the guild were the first two dispatches.
async fn beat(mut beats: watch::Receiver<()>, mut control: SendStream) -> anyhow::Result<()> {
    while beats.changed().await.is_ok() {
        control.write_all(&throng::whole(Head::Payload, br#"{"op":1,"d":2}"#)).await?;
    }
    Ok(())
}

/// Waits for the guild's stream and its first frame.
async fn guild(hall: &Hall, connection: &Connection) -> anyhow::Result<(RecvStream, Decoder)> {
    let mut stream = connection.accept_uni().await?;
    let mut preamble = [0; PREAMBLE_BYTES];
    stream.read_exact(&mut preamble).await?;
    let mut decoder = Decoder::new(BODY_BYTES_MAX);
    loop {
        let mut bytes = stream.read_chunk(usize::MAX, true).await?.context("no guild")?.bytes;
        if decoder.decode(&mut bytes)?.is_some() {
            hall.entered.fetch_add(1, Ordering::Relaxed);
            hall.news.notify_one();
            return Ok((stream, decoder));
        }
    }
}

async fn count(hall: &Hall, mut stream: RecvStream, decoder: &mut Decoder) -> anyhow::Result<()> {
    while let Some(chunk) = stream.read_chunk(usize::MAX, true).await? {
        let mut bytes = chunk.bytes;
        while let Some(frame) = decoder.decode(&mut bytes)? {
            let Frame::Dispatch(dispatch) = frame else { continue };
            hall.frame_bytes.store(dispatch.body.len(), Ordering::Relaxed);
            let now = hall.frames.fetch_add(1, Ordering::Relaxed) + 1;
            if now >= hall.awaited.load(Ordering::Relaxed) {
                hall.news.notify_one();
            }
        }
    }
    Ok(())
}

async fn drain(mut stream: RecvStream) -> anyhow::Result<()> {
    while stream.read_chunk(usize::MAX, true).await?.is_some() {}
    Ok(())
}

/// Trusts whatever certificate the server shows: it is a child of this process, on loopback.
fn config() -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust::Anything(provider)))
        .with_no_client_auth();
    tls.alpn_protocols = vec![throng::ALPN.to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(IdleTimeout::try_from(Duration::from_secs(3_600))?));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

mod trust {
    //! A verifier for servers that are children of this process.

    use std::sync::Arc;

    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    pub(super) struct Anything(pub(super) Arc<CryptoProvider>);

    impl ServerCertVerifier for Anything {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            verify_tls12_signature(message, certificate, signed, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            verify_tls13_signature(message, certificate, signed, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}
