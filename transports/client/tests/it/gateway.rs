//! A gateway that does what a test says, and expects what it says.

mod quic;
mod websocket;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use throng_client::{Builder, Client, Fingerprint, Transport, Trust};
use throng_proto::id::GuildId;
use tokio::time::timeout;

/// How long anything that must happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// A heartbeat that no test lives to see.
pub(crate) const CALM: u64 = 45_000;
/// The token of every client.
pub(crate) const TOKEN: &str = "secret";
/// Both transports, for stories that are the same over each.
pub(crate) const BOTH: [Transport; 2] = [Transport::WebSocket, Transport::Quic];

/// Listens on both transports.
pub(crate) struct Gateway {
    websocket: websocket::Listener,
    quic: quic::Listener,
}

/// One link of a client.
pub(crate) struct Peer {
    wire: Box<Wire>,
}

enum Wire {
    WebSocket(websocket::Peer),
    Quic(quic::Peer),
}

/// What a client said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    Payload(Value),
    /// It closed, or vanished.
    Closed(Option<u16>),
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        Self { websocket: websocket::Listener::bind().await, quic: quic::Listener::bind() }
    }

    /// Begins a client that knows this gateway, trusts its certificate, and does not wait long.
    pub(crate) fn client(&self) -> Builder {
        Client::builder(TOKEN)
            .websocket(self.url())
            .quic(self.quic_address().to_string(), "localhost")
            .trust(Trust::Fingerprint(self.fingerprint()))
            .backoff(Duration::from_millis(1), Duration::from_millis(10))
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.websocket.address())
    }

    pub(crate) fn quic_address(&self) -> SocketAddr {
        self.quic.address()
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.quic.certificate().fingerprint()
    }

    /// Waits for a link over one transport, before HELLO.
    pub(crate) async fn link(&self, transport: Transport) -> Peer {
        let wire = match transport {
            Transport::WebSocket => Wire::WebSocket(soon(self.websocket.accept()).await),
            _ => Wire::Quic(soon(self.quic.accept()).await),
        };
        Peer { wire: Box::new(wire) }
    }

    /// Waits for a client that connects over `wss://`; `None` when it refuses the certificate.
    pub(crate) async fn secure_link(&self) -> Option<Peer> {
        let tls = self.quic.certificate().tls(&[]);
        let peer = soon(self.websocket.accept_tls(tls)).await?;
        Some(Peer { wire: Box::new(Wire::WebSocket(peer)) })
    }

    /// Waits for a link, says HELLO, and returns it with IDENTIFY.
    pub(crate) async fn identified(&self, transport: Transport) -> (Peer, Value) {
        let mut peer = self.link(transport).await;
        peer.hello(CALM).await;
        let identify = peer.expect(2).await;
        (peer, identify)
    }

    /// Waits for a link and begins a session with READY, the sequence 1.
    pub(crate) async fn session(&self, transport: Transport) -> Peer {
        let (mut peer, _) = self.identified(transport).await;
        peer.ready(&self.url()).await;
        peer
    }

    /// Waits for a link, says HELLO, and returns it with RESUME.
    pub(crate) async fn resumed(&self, transport: Transport) -> (Peer, Value) {
        let mut peer = self.link(transport).await;
        peer.hello(CALM).await;
        let resume = peer.expect(6).await;
        (peer, resume)
    }

    /// Waits for a link that the client still wants after HELLO, and returns it with the client's
    /// first payload.
    pub(crate) async fn introduced(&self, transport: Transport) -> (Peer, Value) {
        loop {
            let mut peer = self.link(transport).await;
            peer.hello(CALM).await;
            if let Said::Payload(payload) = peer.said().await {
                return (peer, payload);
            }
        }
    }

    /// Refuses the next WebSocket connection with 503 and a time to come back.
    pub(crate) async fn turn_away(&self, retry_after: u32) {
        soon(self.websocket.turn_away(retry_after)).await;
    }

    /// Says over QUIC that there is no room, before there is a link.
    pub(crate) async fn turn_away_quic(&self, retry_after: u32) {
        soon(self.quic.turn_away(retry_after)).await;
    }
}

impl Peer {
    pub(crate) async fn hello(&mut self, interval_millis: u64) {
        self.send(json!({"op": 10, "d": {"heartbeat_interval": interval_millis}})).await;
    }

    pub(crate) async fn ready(&mut self, resume_url: &str) {
        let user = json!({"id": "1", "username": "ada", "discriminator": "0", "bot": true});
        let ready = json!({
            "v": 10, "user": user, "guilds": [], "session_id": "feed", "shard": [0, 1],
            "resume_gateway_url": resume_url,
        });
        self.dispatch(1, "READY", ready).await;
    }

    pub(crate) async fn resumed(&mut self, s: u32) {
        self.dispatch(s, "RESUMED", json!({"_trace": []})).await;
    }

    /// Sends a payload without a sequence.
    pub(crate) async fn send(&mut self, payload: Value) {
        let text = payload.to_string();
        match &mut *self.wire {
            Wire::WebSocket(peer) => peer.control(&text).await,
            Wire::Quic(peer) => peer.control(&text).await,
        }
    }

    /// Sends an event on the session's own lane.
    pub(crate) async fn dispatch(&mut self, s: u32, t: &str, d: Value) {
        match &mut *self.wire {
            Wire::WebSocket(peer) => peer.dispatch(s, t, &d.to_string()).await,
            Wire::Quic(peer) => peer.dispatch(s, t, &d.to_string()).await,
        }
    }

    /// Sends a small event of a guild, on the guild's lane where there is one.
    pub(crate) async fn event(&mut self, guild: u64, s: u32) {
        let d = json!({"guild_id": guild.to_string(), "role_id": s.to_string()}).to_string();
        let t = "GUILD_ROLE_DELETE";
        match &mut *self.wire {
            Wire::WebSocket(peer) => peer.dispatch(s, t, &d).await,
            Wire::Quic(peer) => peer.guild(GuildId::new(guild), s, t, &d).await,
        }
    }

    /// Returns what only QUIC has.
    pub(crate) fn quic(&mut self) -> &mut quic::Peer {
        match &mut *self.wire {
            Wire::Quic(peer) => peer,
            Wire::WebSocket(_) => panic!("not over QUIC"),
        }
    }

    /// Waits for what the client says next.
    pub(crate) async fn said(&mut self) -> Said {
        match &mut *self.wire {
            Wire::WebSocket(peer) => soon(peer.said()).await,
            Wire::Quic(peer) => soon(peer.said()).await,
        }
    }

    /// Waits for a payload with this opcode, which must be the next but for heartbeats, and returns
    /// its data. Heartbeats are not answered.
    pub(crate) async fn expect(&mut self, op: u64) -> Value {
        loop {
            match self.said().await {
                Said::Payload(mut payload) if payload["op"] == op => return payload["d"].take(),
                Said::Payload(payload) if payload["op"] == 1 => {}
                other => panic!("{other:?} where opcode {op} is due"),
            }
        }
    }

    /// Waits for a request of the HTTP API and returns it with its parsed body.
    pub(crate) async fn request(&mut self) -> Value {
        self.expect(100).await
    }

    /// Answers a request.
    pub(crate) async fn answer(&mut self, request: &Value, status: u16, body: Value) {
        self.send(json!({"op": 101, "d": {"id": request["id"], "status": status, "body": body}}))
            .await;
    }

    /// Waits for the client to close, and returns its code.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Said::Closed(code) = self.said().await {
                return code;
            }
        }
    }

    /// Closes with a code and waits for the client's answer.
    pub(crate) async fn close(mut self, code: u16, reason: &str) {
        match &mut *self.wire {
            Wire::WebSocket(peer) => soon(peer.close(code, reason)).await,
            Wire::Quic(peer) => soon(peer.close(code, reason)).await,
        }
    }
}

/// Waits for what must happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it happens in time")
}
