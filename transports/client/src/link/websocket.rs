//! Links over WebSocket.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderMap, Uri, header};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use zstd_safe::{DCtx, InBuffer, OutBuffer};

use super::{Heard, INBOUND_MAX, Link, OUTBOUND_MAX, PAYLOAD_BYTES_MAX, Said, read, unreachable};
use crate::builder::Compression;
use crate::cause::{Cause, Transport};
use crate::trust::Trust;

/// What the socket reads at a time, and writes at a time.
const BUFFER_BYTES: usize = 16 << 10;
/// What may wait in front of a socket that is full: 17 payloads of the longest kind.
const WRITE_BYTES_MAX: usize = 256 << 10;
/// A close frame without a code, as RFC 6455 numbers it.
const NO_CODE: u16 = 1005;
/// First room for text that was compressed; most payloads fit.
const TEXT_BYTES: usize = 1 << 10;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects, as far as the opening handshake.
pub(super) async fn connect(
    url: &str,
    compression: Compression,
    trust: &Trust,
) -> Result<Link, Cause> {
    let compress = match compression {
        Compression::None => "",
        Compression::Zstd => "&compress=zstd-stream",
    };
    let url = url.trim_end_matches('/');
    let request = format!("{url}/?v=10&encoding=json{compress}").into_client_request();
    let request = request.map_err(|error| refused(&error))?;
    let stream = open(request.uri()).await.map_err(|error| unreachable(&error))?;
    let address = stream.peer_addr().map_err(|error| unreachable(&error))?;
    let tls = trust.tls(address.ip(), &[]).map_err(|error| unreachable(&error))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BYTES_MAX)
        .max_message_size(Some(PAYLOAD_BYTES_MAX))
        .max_frame_size(Some(PAYLOAD_BYTES_MAX));
    let connector = Some(Connector::Rustls(tls.into()));
    let handshake = client_async_tls_with_config(request, stream, Some(config), connector);
    let (socket, _) = Box::pin(handshake).await.map_err(|error| refused(&error))?;
    Ok(link(socket, compression))
}

async fn open(uri: &Uri) -> std::io::Result<TcpStream> {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let secure = uri.scheme_str() == Some("wss");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn refused(error: &Error) -> Cause {
    let retry_after = match error {
        Error::Http(response) => retry_after(response.headers()),
        _ => None,
    };
    Cause::Unreachable { reason: error.to_string(), retry_after }
}

/// Reads the seconds of a Retry-After; its other form, a date, is not used by gateways.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

fn link(socket: Socket, compression: Compression) -> Link {
    let (sink, stream) = socket.split();
    let (heard, control) = mpsc::channel(INBOUND_MAX);
    let (outbound, said) = mpsc::channel(OUTBOUND_MAX);
    // Everything is in one order here, so there are no other lanes.
    let (_, lanes) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    tasks.spawn(hear(stream, Inflater::new(compression), heard));
    tasks.spawn(say(sink, said));
    Link { transport: Transport::WebSocket, control, lanes, outbound, _tasks: tasks }
}

/// Reads to the end, and no faster than the session listens.
async fn hear(
    mut stream: SplitStream<Socket>,
    mut inflater: Inflater,
    control: mpsc::Sender<Heard>,
) {
    while let Some(message) = stream.next().await {
        let heard = match message {
            Ok(Message::Text(text)) => read(text.as_bytes()),
            Ok(Message::Binary(bytes)) => inflater.inflate(&bytes).and_then(|text| read(&text)),
            // Reading on answers it.
            Ok(Message::Close(frame)) => Err(closed(frame)),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
            Err(error) => Err(Cause::Lost(error.to_string())),
        };
        if control.send(heard.unwrap_or_else(Heard::Ended)).await.is_err() {
            return;
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> Cause {
    let code = frame.as_ref().map_or(NO_CODE, |frame| frame.code.into());
    let reason = frame.map_or_else(String::new, |frame| frame.reason.to_string());
    Cause::Closed { code, reason }
}

async fn say(mut sink: SplitSink<Socket, Message>, mut outbound: mpsc::Receiver<Said>) {
    while let Some(said) = outbound.recv().await {
        let message = match said {
            Said::Payload(text) => Message::text(text),
            Said::Close { code, reason } => {
                Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
            }
        };
        // The reader finds out why.
        if sink.send(message).await.is_err() {
            return;
        }
    }
}

/// Turns binary messages back into payloads.
enum Inflater {
    /// Nothing was agreed, so there are none.
    None,
    /// One zstd frame for the whole link.
    Zstd(DCtx<'static>),
}

impl Inflater {
    fn new(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::None,
            Compression::Zstd => Self::Zstd(DCtx::create()),
        }
    }

    fn inflate(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Cause> {
        let violation = |what: &str| Cause::Violation(what.to_owned());
        let Self::Zstd(decoder) = self else {
            return Err(violation("a binary message, which was not agreed"));
        };
        let mut text = Vec::with_capacity(TEXT_BYTES.max(2 * bytes.len()));
        let mut input = InBuffer::around(bytes);
        loop {
            let written = text.len();
            let mut output = OutBuffer::around_pos(&mut text, written);
            decoder
                .decompress_stream(&mut output, &mut input)
                .map_err(|code| violation(zstd_safe::get_error_name(code)))?;
            if text.len() > PAYLOAD_BYTES_MAX {
                return Err(violation("a payload is too long"));
            }
            // Text that fills its room may have a rest in the decoder.
            if input.pos() == bytes.len() && text.len() < text.capacity() {
                return Ok(text);
            }
            text.reserve(text.capacity());
        }
    }
}
