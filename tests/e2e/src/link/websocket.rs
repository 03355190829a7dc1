//! A link over WebSocket.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};

use super::wire::Inflater;
use super::{Closed, News, Route};

/// Time for the answer to a close to leave.
const ANSWER_TIME: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct WebSocket {
    socket: WebSocketStream<TcpStream>,
    inflater: Inflater,
}

impl WebSocket {
    pub(super) async fn connect(route: &Route) -> Result<Self> {
        let address = route.address();
        let socket = TcpSocket::new_v4()?;
        if let Some(window) = route.window {
            socket.set_recv_buffer_size(window)?;
        }
        let stream = socket.connect(address).await.with_context(|| format!("dial {address}"))?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(16 * 1024);
        let request = format!("ws://{address}/?{}", route.query());
        let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (socket, _) = handshake.await?;
        Ok(Self { socket, inflater: Inflater::new(route.wire) })
    }

    pub(super) async fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    pub(super) async fn hear(&mut self) -> Result<News> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Ok(News::Payload(text.as_str().to_owned(), None));
                }
                Some(Ok(Message::Binary(bytes))) => {
                    if let Some(text) = self.inflater.push(&bytes)? {
                        return Ok(News::Payload(text, None));
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    let closed = frame.map(|CloseFrame { code, reason }| Closed {
                        code: Some(code.into()),
                        reason: reason.to_string(),
                    });
                    // Answered here, because nobody may listen any more; it may not read either.
                    drop(timeout(ANSWER_TIME, self.socket.flush()).await);
                    return Ok(News::Closed(closed.unwrap_or_default()));
                }
                Some(Ok(_)) => {}
                // A connection may end without the courtesies.
                Some(Err(_)) | None => return Ok(News::Closed(Closed::default())),
            }
        }
    }

    pub(super) async fn close(&mut self, code: u16) -> Result<()> {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).await.context("close")
    }

    pub(super) fn cut(self) -> Result<()> {
        Ok(self.socket.get_ref().set_zero_linger()?)
    }
}
