//! The floor of QUIC: quinn, one stream for each reader, the same frames, and nothing else.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, IdleTimeout, SendStream, ServerConfig, TransportConfig};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use throng_proto::id::GuildId;
use throng_proto::throng::{self, Head};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::TAKEN;

/// Connections on their way from their handshake to the audience.
const ARRIVING_MAX: usize = 64;
/// Sequence of the frame that welcomes: the one after READY, which nobody sends here.
const WELCOME: u32 = 2;
/// How long a connection may be silent: nobody sends heartbeats here.
const IDLE: Duration = Duration::from_secs(600);

/// Takes so many readers, then sends them whatever a publisher says, line by line.
pub(crate) fn serve(readers: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(readers))
}

async fn run(readers: usize) -> Result<()> {
    let endpoint = Endpoint::server(config()?, ([127, 0, 0, 1], 0).into())?;
    let publishers = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{} {}", endpoint.local_addr()?, publishers.local_addr()?);
    std::io::stdout().flush()?;
    let (door, mut arriving) = mpsc::channel(ARRIVING_MAX);
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            tokio::spawn(welcome(incoming, door.clone()));
        }
    });
    let mut streams = Vec::with_capacity(readers);
    while streams.len() < readers {
        streams.push(arriving.recv().await.context("nobody comes any more")?);
    }
    let (stream, _) = publishers.accept().await?;
    stream.set_nodelay(true)?;
    let (lines, mut answers) = stream.into_split();
    let mut lines = BufReader::new(lines).lines();
    let mut sequence = WELCOME;
    while let Some(line) = lines.next_line().await? {
        answers.write_all(TAKEN).await?;
        let body = Bytes::from(line);
        sequence += 1;
        let header = throng::header(Head::Dispatch { sequence, compressed: false }, body.len());
        let header = Bytes::copy_from_slice(&header);
        for stream in &mut streams {
            stream.write_all_chunks(&mut [header.clone(), body.clone()]).await?;
        }
    }
    Ok(())
}

async fn welcome(incoming: quinn::Incoming, door: mpsc::Sender<SendStream>) -> Result<()> {
    let connection = incoming.await?;
    door.send(open(&connection).await?).await?;
    connection.closed().await;
    Ok(())
}

/// Reads what a client says first, opens its guild's stream with one frame, and reads on.
async fn open(connection: &Connection) -> Result<SendStream> {
    let (answers, mut control) = connection.accept_bi().await?;
    control.read_chunk(usize::MAX, true).await?.context("nothing was said")?;
    let mut stream = connection.open_uni().await?;
    stream.write_all(&throng::preamble(GuildId::new(1))).await?;
    let head = Head::Dispatch { sequence: WELCOME, compressed: false };
    stream.write_all(&throng::whole(head, b"welcome")).await?;
    tokio::spawn(async move {
        // Kept open, as the gateway does.
        let _answers = answers;
        while let Ok(Some(_)) = control.read_chunk(usize::MAX, true).await {}
    });
    Ok(stream)
}

fn config() -> Result<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut tls =
        rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
    tls.alpn_protocols = vec![throng::ALPN.to_vec()];
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(IdleTimeout::try_from(IDLE)?));
    config.transport_config(Arc::new(transport));
    Ok(config)
}
