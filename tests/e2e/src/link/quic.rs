//! A link over QUIC: `throng/1` by the letter of PROTOCOL.md.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, EndpointConfig, ReadError, RecvStream,
    SendStream, TransportConfig, VarInt,
};
use throng_proto::id::GuildId;
use throng_proto::throng::{
    self, Close, Datagram, Decoder, Dispatch, Frame, Head, Message, Open, PREAMBLE_BYTES,
};
use tokio::sync::mpsc;

use super::route::Door;
use super::severable::Severable;
use super::{Closed, News, Route, Wire, certificate};

/// Longest body and payload that are believed; longer ones are a broken stream.
const PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How often a link that says nothing shows that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// What was heard and not taken yet; more waits in the streams.
const NEWS_MAX: usize = 1;

#[derive(Debug)]
pub(super) struct Quic {
    runtime: Arc<Severable>,
    endpoint: Endpoint,
    connection: Connection,
    /// Nothing when the gateway turned the connection away.
    control: Option<SendStream>,
    news: mpsc::Receiver<Result<News>>,
}

/// Where readers of streams put what they heard.
type Teller = mpsc::Sender<Result<News>>;

impl Quic {
    pub(super) async fn connect(route: &Route) -> Result<Self> {
        let runtime = Arc::new(Severable::default());
        let config = EndpointConfig::default();
        let endpoint = Endpoint::new(config, None, socket()?, Arc::clone(&runtime) as _)?;
        let connecting = endpoint.connect_with(client(route)?, route.address(), "localhost")?;
        let connection = connecting.await.with_context(|| format!("dial {}", route.address()))?;
        let (told, news) = mpsc::channel(NEWS_MAX);
        let control = match connection.open_bi().await {
            Ok((control, answers)) => {
                runtime.run(hear_control(connection.clone(), answers, told.clone()));
                runtime.run(hear_guilds(connection.clone(), Arc::clone(&runtime), told.clone()));
                runtime.run(hear_datagrams(connection.clone(), told));
                Some(control)
            }
            Err(cause) => {
                told.send(Ok(ended(&cause))).await?;
                None
            }
        };
        let mut quic = Self { runtime, endpoint, connection, control, news };
        if !route.mute {
            // Fails where the gateway turned the connection away, which is heard.
            drop(quic.open(route).await);
        }
        Ok(quic)
    }

    /// Says what the client asks for.
    async fn open(&mut self, route: &Route) -> Result<()> {
        let compress = (route.wire != Wire::Plain).then(|| route.wire.name().to_owned());
        let open = Message::Open(Open { v: route.version, compress }).frame();
        self.write(&open).await
    }

    pub(super) async fn say(&mut self, text: &str) -> Result<()> {
        self.write(&throng::whole(Head::Payload, text.as_bytes())).await
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let control = self.control.as_mut().context("turned away")?;
        Ok(control.write_all(bytes).await?)
    }

    pub(super) async fn hear(&mut self) -> Result<News> {
        self.news.recv().await.unwrap_or(Ok(News::Closed(Closed::default())))
    }

    pub(super) async fn close(&mut self, code: u16) -> Result<()> {
        let close = Message::Close(Close { code, reason: String::new() });
        self.write(&close.frame()).await
    }

    /// Goes on from another address.
    pub(super) fn move_away(&self) -> Result<()> {
        Ok(self.endpoint.rebind(socket()?)?)
    }

    pub(super) fn cut(self) {
        self.runtime.cut();
    }
}

impl Drop for Quic {
    fn drop(&mut self) {
        self.connection.close(VarInt::from_u32(0), b"");
    }
}

fn socket() -> Result<UdpSocket> {
    Ok(UdpSocket::bind((crate::CLIENTS, 0))?)
}

fn client(route: &Route) -> Result<ClientConfig> {
    let Door::Quic { certificate, .. } = &route.door else { bail!("not an address for QUIC") };
    let mut transport = TransportConfig::default();
    transport.keep_alive_interval(Some(KEEP_ALIVE)).max_concurrent_bidi_streams(0_u8.into());
    if let Some(window) = route.window {
        transport.stream_receive_window(window.into()).receive_window(window.into());
    }
    if let Some(streams) = route.streams {
        transport.max_concurrent_uni_streams(streams.into());
    }
    let mut config = ClientConfig::new(Arc::new(certificate::trust(*certificate)?));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

/// Reads the stream whose end is the end of the link.
async fn hear_control(connection: Connection, stream: RecvStream, news: Teller) {
    let mut frames = Frames::new(stream, None);
    let last = loop {
        match frames.next().await {
            Ok(Some(News::Closed(closed))) => {
                // The answer to a close is the end of the connection.
                let code = VarInt::from(closed.code.unwrap_or_default());
                connection.close(code, closed.reason.as_bytes());
                break Ok(News::Closed(closed));
            }
            Ok(Some(heard)) => {
                if news.send(Ok(heard)).await.is_err() {
                    return;
                }
            }
            Ok(None) => break Ok(ended(&connection.closed().await)),
            Err(error) => break told_or_failed(error),
        }
    };
    // Nobody may listen any more.
    drop(news.send(last).await);
}

/// Reads every stream that the gateway opens.
async fn hear_guilds(connection: Connection, runtime: Arc<Severable>, news: Teller) {
    while let Ok(stream) = connection.accept_uni().await {
        runtime.run(hear_guild(stream, news.clone()));
    }
}

async fn hear_guild(mut stream: RecvStream, news: Teller) {
    let mut preamble = [0; PREAMBLE_BYTES];
    // The link ended before the stream began.
    let Ok(()) = stream.read_exact(&mut preamble).await else { return };
    let guild = match throng::guild(preamble) {
        Ok(guild) => guild,
        Err(error) => return drop(news.send(Err(error.into())).await),
    };
    let mut frames = Frames::new(stream, Some(guild));
    loop {
        let heard = match frames.next().await {
            Ok(Some(heard @ News::Payload(..))) => Ok(heard),
            Ok(Some(other)) => Err(anyhow::anyhow!("{other:?} on the stream of a guild")),
            // What ends the link is told by the control stream.
            Ok(None) => return,
            Err(error) if error.is::<ReadError>() => return,
            Err(error) => Err(error),
        };
        if news.send(heard).await.is_err() {
            return;
        }
    }
}

async fn hear_datagrams(connection: Connection, news: Teller) {
    while let Ok(bytes) = connection.read_datagram().await {
        let heard = Datagram::decode(bytes)
            .map_err(anyhow::Error::from)
            .and_then(|datagram| payload(&datagram.dispatch, None));
        if news.send(heard).await.is_err() {
            return;
        }
    }
}

/// One stream, cut into what it says.
struct Frames {
    stream: RecvStream,
    decoder: Decoder,
    unread: Bytes,
    /// Sequence of the last dispatch.
    last: u32,
    /// Whose stream it is.
    guild: Option<GuildId>,
}

impl Frames {
    fn new(stream: RecvStream, guild: Option<GuildId>) -> Self {
        let decoder = Decoder::new(PAYLOAD_BYTES_MAX);
        Self { stream, decoder, unread: Bytes::new(), last: 0, guild }
    }

    /// Reads one frame; `None` at the end of the stream, which must be between two.
    async fn next(&mut self) -> Result<Option<News>> {
        loop {
            if let Some(frame) = self.decoder.decode(&mut self.unread)? {
                return self.read(frame).map(Some);
            }
            let Some(chunk) = self.stream.read_chunk(usize::MAX, true).await? else {
                ensure!(self.decoder.is_idle(), "the stream ends in the middle of a frame");
                return Ok(None);
            };
            self.unread = chunk.bytes;
        }
    }

    fn read(&mut self, frame: Frame) -> Result<News> {
        Ok(match frame {
            Frame::Payload(text) => News::Payload(String::from_utf8(text.into())?, None),
            Frame::Dispatch(dispatch) => {
                let (last, now) = (self.last, dispatch.sequence);
                ensure!(now > last, "number {now} after {last} on one stream");
                self.last = now;
                payload(&dispatch, self.guild)?
            }
            Frame::Message(Message::Skipped(ranges)) => News::Skipped(ranges),
            Frame::Message(Message::Close(Close { code, reason })) => {
                News::Closed(Closed { code: Some(code), reason })
            }
            Frame::Message(other @ Message::Open(_)) => bail!("{other:?} from the gateway"),
        })
    }
}

fn payload(dispatch: &Dispatch, guild: Option<GuildId>) -> Result<News> {
    let text = dispatch.text(PAYLOAD_BYTES_MAX)?;
    Ok(News::Payload(String::from_utf8(text)?, guild))
}

/// Says how the connection ended, if that is what `error` tells.
fn told_or_failed(error: anyhow::Error) -> Result<News> {
    match error.downcast_ref() {
        Some(ReadError::ConnectionLost(cause)) => Ok(ended(cause)),
        _ => Err(error),
    }
}

fn ended(cause: &ConnectionError) -> News {
    News::Closed(match cause {
        ConnectionError::ApplicationClosed(close) => Closed {
            code: u16::try_from(close.error_code.into_inner()).ok(),
            reason: String::from_utf8_lossy(&close.reason).into_owned(),
        },
        _ => Closed::default(),
    })
}
