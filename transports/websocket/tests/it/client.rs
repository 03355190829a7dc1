//! Both ends of a real connection.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use throng_ports::link::conformance::Decoder;
use throng_ports::link::{Arrival, Incoming, Listener as _};
use throng_proto::wire::Wire;
use throng_transport_websocket::{Config, WebSocketListener};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A listener on any free port of loopback.
pub(crate) fn listen(config: Config) -> (WebSocketListener, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = WebSocketListener::bind(address, config).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A connection that was accepted and has said nothing, with its far end.
pub(crate) async fn call(config: Config) -> (Box<dyn Incoming>, TcpStream) {
    let (mut listener, address) = listen(config);
    let (stream, incoming) = tokio::join!(TcpStream::connect(address), listener.accept());
    (incoming.unwrap(), stream.unwrap())
}

/// An open link and tungstenite at its far end.
pub(crate) async fn open(config: Config) -> (Box<dyn Arrival>, WebSocketStream<TcpStream>) {
    let (incoming, stream) = call(config).await;
    let shaking = client_async("ws://localhost/?v=10&encoding=json", stream);
    let (arrival, client) = tokio::join!(async { incoming.greet().await.link() }, shaking);
    (arrival.unwrap(), client.unwrap().0)
}

/// An open link and a bare socket at its far end.
pub(crate) async fn open_bare(config: Config) -> (Box<dyn Arrival>, TcpStream) {
    let (incoming, mut stream) = call(config).await;
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    let arrival = incoming.greet().await.link().unwrap();
    let answer = read_head(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    (arrival, stream)
}

/// A request as RFC 6455 section 1.3 has it.
pub(crate) const UPGRADE: &str = "GET /?v=10 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Reads up to the empty line.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Reads up to the end.
pub(crate) async fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    all
}

/// tungstenite as the far end of the conformance suite.
pub(crate) struct Peer<S = TcpStream> {
    socket: WebSocketStream<S>,
    /// Reads binary messages.
    decoder: Option<Decoder>,
}

impl<S> Peer<S> {
    pub(crate) const fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket, decoder: None }
    }
}

impl<S> throng_ports::link::conformance::Peer for Peer<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    async fn send(&mut self, payload: &str) {
        self.socket.send(Message::text(payload)).await.unwrap();
    }

    async fn receive(&mut self) -> Result<String, Option<u16>> {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) => {
                    assert!(self.decoder.is_none(), "a compressed payload is binary");
                    return Ok(text.as_str().to_owned());
                }
                Message::Binary(bytes) => {
                    let decoder = self.decoder.as_mut().unwrap();
                    return Ok(decoder.text(&bytes));
                }
                Message::Close(close) => return Err(close.map(|close| close.code.into())),
                _ => {}
            }
        }
    }

    fn set_wire(&mut self, wire: Wire) {
        self.decoder = (!wire.is_text()).then(|| Decoder::new(wire));
    }

    async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        // When the link closed first, tungstenite has answered already.
        let _answered = self.socket.close(Some(frame)).await;
        let _flushed = self.socket.flush().await;
    }
}
