//! The script's side of QUIC.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream, ServerConfig};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use throng_client::Fingerprint;
use throng_proto::id::GuildId;
use throng_proto::throng::{
    ALPN, Close, Datagram, Decoder, Frame, Head, Message, PAYLOAD_BYTES_MAX, header, preamble,
    whole,
};
use throng_proto::wire::Body;

use super::Said;

pub(crate) struct Listener {
    endpoint: Endpoint,
    certificate: Certificate,
}

/// A certificate that nobody vouches for.
pub(crate) struct Certificate {
    chain: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

pub(crate) struct Peer {
    connection: Connection,
    sink: SendStream,
    stream: RecvStream,
    decoder: Decoder,
    unread: Bytes,
    compressed: bool,
    guilds: BTreeMap<GuildId, SendStream>,
}

impl Certificate {
    fn generate() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self { chain: made.cert.der().clone(), key: made.signing_key.serialize_der().into() }
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(Sha256::digest(&self.chain).into())
    }

    pub(crate) fn tls(&self, protocols: &[&[u8]]) -> rustls::ServerConfig {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.chain.clone()], self.key.clone_key().into())
            .unwrap();
        tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        tls
    }
}

impl Listener {
    pub(crate) fn bind() -> Self {
        let certificate = Certificate::generate();
        let tls = QuicServerConfig::try_from(certificate.tls(&[ALPN])).unwrap();
        let config = ServerConfig::with_crypto(Arc::new(tls));
        let endpoint = Endpoint::server(config, ([127, 0, 0, 1], 0).into()).unwrap();
        Self { endpoint, certificate }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.endpoint.local_addr().unwrap()
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Waits for the first connection whose handshake succeeds.
    async fn connection(&self) -> Connection {
        loop {
            if let Ok(connection) = self.endpoint.accept().await.unwrap().await {
                return connection;
            }
        }
    }

    /// Waits for the first link that its client has not given up since.
    pub(crate) async fn accept(&self) -> Peer {
        loop {
            if let Some(peer) = Peer::open(self.connection().await).await {
                return peer;
            }
        }
    }

    pub(crate) async fn turn_away(&self, retry_after: u32) {
        let Close { code, reason } = Close::try_again("Too many connections.", retry_after);
        self.connection().await.close(u32::from(code).into(), reason.as_bytes());
    }
}

impl Peer {
    async fn open(connection: Connection) -> Option<Self> {
        let (sink, stream) = connection.accept_bi().await.ok()?;
        let mut peer = Self {
            connection,
            sink,
            stream,
            decoder: Decoder::new(PAYLOAD_BYTES_MAX),
            unread: Bytes::new(),
            compressed: false,
            guilds: BTreeMap::new(),
        };
        let Frame::Message(Message::Open(open)) = peer.frame().await.ok()? else {
            panic!("a client opens first");
        };
        assert_eq!(open.v, 10);
        peer.compressed = open.compress.as_deref() == Some("zstd");
        Some(peer)
    }

    pub(crate) async fn control(&mut self, text: &str) {
        self.write(&whole(Head::Payload, text.as_bytes())).await;
    }

    pub(crate) async fn message(&mut self, message: &Message) {
        self.write(&message.frame()).await;
    }

    pub(crate) async fn dispatch(&mut self, s: u32, t: &str, d: &str) {
        let frame = self.numbered(s, t, d);
        self.write(&frame).await;
    }

    /// Sends on the guild's stream, which is opened first.
    pub(crate) async fn guild(&mut self, guild: GuildId, s: u32, t: &str, d: &str) {
        let frame = self.numbered(s, t, d);
        if !self.guilds.contains_key(&guild) {
            let mut stream = self.connection.open_uni().await.unwrap();
            stream.write_all(&preamble(guild)).await.unwrap();
            self.guilds.insert(guild, stream);
        }
        let _gone = self.guilds.get_mut(&guild).unwrap().write_all(&frame).await;
    }

    pub(crate) fn datagram(&self, s: u32, lifetime: Duration, t: &str, d: &str) {
        let body = self.body(t, d);
        let datagram = [&Datagram::header(s, self.compressed, lifetime), body.as_slice()].concat();
        self.connection.send_datagram(datagram.into()).unwrap();
    }

    /// Opens a stream of a kind that does not exist.
    pub(crate) async fn strange_stream(&self) {
        let mut stream = self.connection.open_uni().await.unwrap();
        stream.write_all(&[0x7f; 9]).await.unwrap();
    }

    /// Ends the connection without a word on the control stream.
    pub(crate) fn end(&self, code: u32, reason: &str) {
        self.connection.close(code.into(), reason.as_bytes());
    }

    fn numbered(&self, s: u32, t: &str, d: &str) -> Vec<u8> {
        let body = self.body(t, d);
        let head = Head::Dispatch { sequence: s, compressed: self.compressed };
        [&header(head, body.len()), body.as_slice()].concat()
    }

    fn body(&self, t: &str, d: &str) -> Vec<u8> {
        let body = Body::dispatch(t, d);
        if !self.compressed {
            return body.text().to_vec();
        }
        body.segments().iter().flat_map(|segment| segment.zstd().to_vec()).collect()
    }

    /// A client that has gone hears nothing; what it does next is the test.
    async fn write(&mut self, frame: &[u8]) {
        let _gone = self.sink.write_all(frame).await;
    }

    pub(crate) async fn said(&mut self) -> Said {
        match self.frame().await {
            Ok(Frame::Payload(text)) => Said::Payload(serde_json::from_slice(&text).unwrap()),
            Ok(Frame::Message(Message::Close(Close { code, reason }))) => {
                self.connection.close(u32::from(code).into(), reason.as_bytes());
                Said::Closed(Some(code))
            }
            Ok(other) => panic!("{other:?} is not for gateways"),
            Err(code) => Said::Closed(code),
        }
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        self.message(&Message::Close(Close { code, reason: reason.to_owned() })).await;
        let ended = self.connection.closed().await;
        let ConnectionError::ApplicationClosed(close) = ended else {
            panic!("{ended} where a close is due")
        };
        assert_eq!(close.error_code, u32::from(code).into());
    }

    /// Reads the next frame of the control stream, or how the connection ended.
    async fn frame(&mut self) -> Result<Frame, Option<u16>> {
        loop {
            if let Some(frame) = self.decoder.decode(&mut self.unread).unwrap() {
                return Ok(frame);
            }
            match self.stream.read_chunk(usize::MAX, true).await {
                Ok(Some(chunk)) => self.unread = chunk.bytes,
                _ => return Err(None),
            }
        }
    }
}
