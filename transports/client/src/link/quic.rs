//! Links over QUIC: `throng/1`.

mod inbound;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, IdleTimeout, SendStream, TransportConfig,
    VarInt,
};
use throng_proto::throng::{ALPN, Close, Head, Message, Open, whole};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{CLOSE_TIME, INBOUND_MAX, Link, OUTBOUND_MAX, Said, unreachable};
use crate::builder::Compression;
use crate::cause::{Cause, Transport};
use crate::trust::Trust;

/// Streams that the gateway may open; guilds beyond share the control stream.
const STREAMS_MAX: u32 = 128;
/// What the gateway may send ahead on one stream: with [`STREAMS_MAX`] at most 32 MiB wait here for
/// an application that does not read. There is no bound for the connection beside it, so that the
/// control stream never waits for guilds.
const STREAM_BYTES_MAX: u32 = 256 << 10;
/// Datagrams that wait here; older ones are dropped first.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;
/// Address translators forget a UDP flow after 30 seconds of silence.
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// After two missed keep-alives the path is dead.
const IDLE_MAX: VarInt = VarInt::from_u32(60_000);

/// Connects, as far as the first frame of the control stream.
pub(super) async fn connect(
    address: SocketAddr,
    name: &str,
    compression: Compression,
    trust: &Trust,
) -> Result<Link, Cause> {
    let any: SocketAddr = if address.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    // Of its own for each link, so that every attempt leaves by a fresh port.
    let endpoint = Endpoint::client(any).map_err(|error| unreachable(&error))?;
    let connecting = endpoint.connect_with(config(address, trust)?, address, name);
    let connecting = connecting.map_err(|error| unreachable(&error))?;
    let connection = connecting.await.map_err(|error| ended(&error))?;
    let (mut sink, stream) = connection.open_bi().await.map_err(|error| ended(&error))?;
    let compress = (compression == Compression::Zstd).then(|| "zstd".to_owned());
    let open = Message::Open(Open { v: 10, compress }).frame();
    sink.write_all(&open).await.map_err(|error| unreachable(&error))?;

    let (heard, control) = mpsc::channel(INBOUND_MAX);
    let (arrived, lanes) = mpsc::channel(INBOUND_MAX);
    let (outbound, said) = mpsc::channel(OUTBOUND_MAX);
    let mut tasks = JoinSet::new();
    tasks.spawn(inbound::control(connection.clone(), stream, heard.clone()));
    tasks.spawn(inbound::guilds(connection.clone(), heard, arrived.clone()));
    tasks.spawn(inbound::datagrams(connection.clone(), arrived));
    tasks.spawn(say(connection, sink, said));
    Ok(Link { transport: Transport::Quic, control, lanes, outbound, _tasks: tasks })
}

fn config(address: SocketAddr, trust: &Trust) -> Result<ClientConfig, Cause> {
    let tls = trust.tls(address.ip(), &[ALPN]).map_err(|error| unreachable(&error))?;
    let tls = QuicClientConfig::try_from(tls).map_err(|error| unreachable(&error))?;
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(0_u32.into())
        .max_concurrent_uni_streams(STREAMS_MAX.into())
        .stream_receive_window(STREAM_BYTES_MAX.into())
        .datagram_receive_buffer_size(Some(DATAGRAM_BYTES_MAX))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(Some(IdleTimeout::from(IDLE_MAX)));
    let mut config = ClientConfig::new(Arc::new(tls));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

/// Reads why there is no connection: a code of the gateway's is a close.
fn ended(error: &ConnectionError) -> Cause {
    closed(error).unwrap_or_else(|| unreachable(error))
}

/// Reads why a connection is gone: a code of the gateway's is a close, anything else a loss.
fn lost(error: &ConnectionError) -> Cause {
    closed(error).unwrap_or_else(|| Cause::Lost(error.to_string()))
}

fn closed(error: &ConnectionError) -> Option<Cause> {
    let ConnectionError::ApplicationClosed(close) = error else { return None };
    let code = u16::try_from(close.error_code.into_inner()).ok()?;
    let reason = String::from_utf8_lossy(&close.reason).into_owned();
    Some(Cause::Closed { code, reason })
}

async fn say(connection: Connection, mut sink: SendStream, mut outbound: mpsc::Receiver<Said>) {
    while let Some(said) = outbound.recv().await {
        let frame = match &said {
            Said::Payload(text) => whole(Head::Payload, text.as_bytes()),
            Said::Close { code, reason } => {
                Message::Close(Close { code: *code, reason: reason.clone() }).frame()
            }
        };
        // The reader finds out why.
        if sink.write_all_chunks(&mut [Bytes::from(frame)]).await.is_err() {
            return;
        }
        if let Said::Close { code, reason } = said {
            // The answer is the end of the connection.
            let _too_long = timeout(CLOSE_TIME / 2, connection.closed()).await;
            connection.close(u32::from(code).into(), reason.as_bytes());
        }
    }
}
