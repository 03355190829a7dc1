//! quinn and nothing else: a control stream, one stream for the guild, the same frames.

use std::io::BufRead as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use parking_lot::Mutex;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, IdleTimeout, SendStream, ServerConfig, TransportConfig, VarInt};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use throng_proto::id::GuildId;
use throng_proto::throng::{self, Head};
use tokio::sync::mpsc;

/// A connection's stream and how much was sent on it.
type Seat = (SendStream, u32);

/// Serves whoever comes, and sends a frame of so many bytes to everybody for every line of input.
pub(super) fn run(frame_bytes: usize) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(frame_bytes))
}

async fn serve(frame_bytes: usize) -> anyhow::Result<()> {
    let endpoint = Endpoint::server(config()?, ([127, 0, 0, 1], 0).into())?;
    println!("{}", endpoint.local_addr()?);
    let seats: Arc<Mutex<Vec<Seat>>> = Arc::default();
    let arriving = Arc::clone(&seats);
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let seats = Arc::clone(&arriving);
            tokio::spawn(async move {
                let Ok(connection) = incoming.await else { return };
                if let Ok(seat) = welcome(&connection).await {
                    seats.lock().push(seat);
                }
                connection.closed().await;
            });
        }
    });
    let body = Bytes::from("x".repeat(frame_bytes));
    let mut orders = orders();
    while orders.recv().await.is_some() {
        println!("sent");
        let mut all = std::mem::take(&mut *seats.lock());
        for (stream, sequence) in &mut all {
            *sequence += 1;
            let head = Head::Dispatch { sequence: *sequence, compressed: false };
            let header = Bytes::copy_from_slice(&throng::header(head, body.len()));
            stream.write_all_chunks(&mut [header, body.clone()]).await?;
        }
        seats.lock().append(&mut all);
    }
    Ok(())
}

/// Reads what a client says first, and opens its guild's stream with one frame.
async fn welcome(connection: &Connection) -> anyhow::Result<Seat> {
    let (_answers, mut control) = connection.accept_bi().await?;
    control.read_chunk(usize::MAX, true).await?.context("nothing was said")?;
    let mut stream = connection.open_uni().await?;
    stream.write_all(&throng::preamble(GuildId::new(1))).await?;
    let head = Head::Dispatch { sequence: 1, compressed: false };
    stream.write_all(&throng::whole(head, b"welcome")).await?;
    tokio::spawn(async move {
        // Kept open, as the gateway does.
        let _answers = _answers;
        while let Ok(Some(_)) = control.read_chunk(usize::MAX, true).await {}
    });
    Ok((stream, 1))
}

fn config() -> anyhow::Result<ServerConfig> {
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
    let idle = IdleTimeout::try_from(Duration::from_secs(3_600))?;
    transport
        .max_idle_timeout(Some(idle))
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0));
    config.transport_config(Arc::new(transport)).max_incoming(4_096);
    Ok(config)
}

/// Gives one order for every line of input.
pub(super) fn orders() -> mpsc::Receiver<()> {
    let (sender, orders) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || sender.blocking_send(()).is_err() {
                return;
            }
        }
    });
    orders
}
