//! The script's side of WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::ServerConfig;
use throng_proto::gateway::negotiate;
use throng_proto::wire::{self, Body, Past, Wire};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::Said;

pub(crate) struct Listener(TcpListener);

pub(crate) struct Peer {
    socket: WebSocketStream<Box<dyn Stream>>,
    wire: Wire,
    past: Past,
}

/// TCP, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Listener {
    pub(crate) async fn bind() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// Waits for a connection that a client makes over TLS, if it takes the certificate.
    pub(crate) async fn accept_tls(&self, tls: ServerConfig) -> Option<Peer> {
        let (stream, _) = self.0.accept().await.unwrap();
        let stream = TlsAcceptor::from(Arc::new(tls)).accept(stream).await.ok()?;
        upgrade(Box::new(stream)).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Waits for the first connection that its client has not given up since.
    pub(crate) async fn accept(&self) -> Peer {
        loop {
            let (stream, _) = self.0.accept().await.unwrap();
            if let Some(peer) = upgrade(Box::new(stream)).await {
                return peer;
            }
        }
    }

    pub(crate) async fn turn_away(&self, retry_after: u32) {
        let (mut stream, _) = self.0.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut head).await.unwrap();
        }
        let answer = format!(
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: {retry_after}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

async fn upgrade(stream: Box<dyn Stream>) -> Option<Peer> {
    let mut wire = Wire::Text;
    #[allow(clippy::result_large_err, reason = "the callback's type is tungstenite's")]
    let read = |request: &Request, response: Response| {
        wire = negotiate(request.uri().query().unwrap_or_default()).unwrap().wire;
        Ok(response)
    };
    let socket = accept_hdr_async(stream, read).await.ok()?;
    Some(Peer { socket, wire, past: Past::NOTHING })
}

impl Peer {
    pub(crate) async fn control(&mut self, text: &str) {
        let frame = wire::control(self.wire, std::mem::replace(&mut self.past, Past::OTHER), text);
        self.write(frame).await;
    }

    pub(crate) async fn dispatch(&mut self, s: u32, t: &str, d: &str) {
        let body = Body::dispatch(t, d);
        let parts =
            wire::dispatch(self.wire, std::mem::replace(&mut self.past, Past::OTHER), s, &body);
        let shared = parts.shared.iter().flat_map(|bytes| bytes.iter().copied());
        let frame = parts.head.iter().copied().chain(shared).chain(parts.tail.iter().copied());
        let frame = frame.collect();
        self.write(frame).await;
    }

    /// A client that has gone hears nothing; what it does next is the test.
    async fn write(&mut self, frame: Vec<u8>) {
        let message = match self.wire {
            Wire::Text => Message::text(String::from_utf8(frame).unwrap()),
            _ => Message::binary(frame),
        };
        let _gone = self.socket.send(message).await;
    }

    pub(crate) async fn said(&mut self) -> Said {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Said::Payload(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(frame))) => {
                    // Sends the answer.
                    let _gone = self.socket.flush().await;
                    return Said::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Said::Closed(None),
            }
        }
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        self.socket.send(Message::Close(Some(frame))).await.unwrap();
        while !matches!(self.said().await, Said::Closed(_)) {}
    }
}
