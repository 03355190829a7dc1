//! The suite that every transport's links pass.

use quinn::{ConnectionError, SendStream, TransportConfig};
use throng_ports::link::Arrival;
use throng_ports::link::conformance::{self, Bench, twin};
use throng_proto::throng::{self, Close, Frame, Head, Message};
use throng_transport_quic::Config;
use tokio::sync::mpsc;

use crate::client::{Client, Frames, House, guild, text};

struct Quic;

impl Bench for Quic {
    type Peer = Peer;

    async fn open(&self) -> (Box<dyn Arrival>, Peer) {
        let mut house = House::new(Config::default());
        let (arrival, client) = house.open(TransportConfig::default()).await;
        (arrival, Peer::new(client))
    }
}

/// A client that reads all streams as one, as fast as it is asked.
struct Peer {
    connection: quinn::Connection,
    control: SendStream,
    frames: mpsc::Receiver<Frame>,
    is_closed: bool,
}

impl Peer {
    fn new(client: Client) -> Self {
        let Client { connection, control, frames: control_frames, .. } = client;
        let (tx, frames) = mpsc::channel(1);
        tokio::spawn(forward(control_frames, tx.clone()));
        let guilds = connection.clone();
        tokio::spawn(async move {
            while let Some((_, frames)) = guild(&guilds).await {
                tokio::spawn(forward(frames, tx.clone()));
            }
        });
        Self { connection, control, frames, is_closed: false }
    }
}

async fn forward(mut frames: Frames, tx: mpsc::Sender<Frame>) {
    while let Some(frame) = frames.next().await {
        if tx.send(frame).await.is_err() {
            return;
        }
    }
}

impl conformance::Peer for Peer {
    async fn send(&mut self, payload: &str) {
        let frame = throng::whole(Head::Payload, payload.as_bytes());
        self.control.write_all(&frame).await.unwrap();
    }

    async fn receive(&mut self) -> Result<String, Option<u16>> {
        match self.frames.recv().await {
            Some(Frame::Message(Message::Close(close))) => {
                self.is_closed = true;
                Err(Some(close.code))
            }
            Some(frame) => Ok(text(frame)),
            None => match self.connection.close_reason() {
                Some(ConnectionError::ApplicationClosed(close)) => {
                    Err(u16::try_from(close.error_code.into_inner()).ok())
                }
                _ => Err(None),
            },
        }
    }

    async fn close(&mut self, code: u16) {
        if self.is_closed {
            return self.connection.close(u32::from(code).into(), b"");
        }
        let close = Message::Close(Close { code, reason: String::new() });
        self.control.write_all(&close.frame()).await.unwrap();
    }
}

#[tokio::test]
async fn quic_links_pass_the_suite_of_links() {
    conformance::all(&Quic).await;
}

#[tokio::test]
async fn the_suite_notices_broken_links_of_quic() {
    twin::all(&Quic).await;
}
