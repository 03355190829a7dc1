//! Both ends of a real connection.

use std::future::poll_fn;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, TransportConfig};
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;
use throng_ports::link::{Arrival, Dispatch, Lane, Link, Listener as _, Received};
use throng_proto::id::GuildId;
use throng_proto::throng::{self, Decoder, Frame, Head, Message, Open, PREAMBLE_BYTES};
use throng_proto::wire::Body;
use throng_transport_quic::{Config, QuicListener};

/// Any free port of loopback.
pub(crate) const ANYWHERE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
/// More than any frame here.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A listener with the directory of its certificate.
pub(crate) struct House {
    pub(crate) listener: QuicListener,
    pub(crate) address: SocketAddr,
    pub(crate) directory: TempDir,
}

impl House {
    pub(crate) fn new(config: Config) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = QuicListener::bind(ANYWHERE, directory.path(), config).unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address, directory }
    }

    /// A client that trusts the listener's certificate.
    pub(crate) fn caller(&self, transport: TransportConfig) -> Endpoint {
        let file = self.directory.path().join("quic-development.pem");
        caller(&file, &[throng::ALPN], transport)
    }

    /// An open link and the client at its far end, which connects by way of `address`.
    pub(crate) async fn open_at(
        &mut self,
        address: SocketAddr,
        transport: TransportConfig,
    ) -> (Box<dyn Arrival>, Client) {
        let endpoint = self.caller(transport);
        let arriving =
            async { self.listener.accept().await.unwrap().greet().await.link().unwrap() };
        tokio::join!(arriving, Client::open(endpoint, address))
    }

    pub(crate) async fn open(&mut self, transport: TransportConfig) -> (Box<dyn Arrival>, Client) {
        self.open_at(self.address, transport).await
    }
}

/// A client's endpoint that trusts the certificate in `file`.
pub(crate) fn caller(file: &Path, protocols: &[&[u8]], transport: TransportConfig) -> Endpoint {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    let mut tls =
        rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let tls = QuicClientConfig::try_from(tls).unwrap();
    let mut config = ClientConfig::new(Arc::new(tls));
    config.transport_config(Arc::new(transport));
    let mut endpoint = Endpoint::client(ANYWHERE).unwrap();
    endpoint.set_default_client_config(config);
    endpoint
}

/// A client after its first frame.
pub(crate) struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) connection: Connection,
    pub(crate) control: SendStream,
    pub(crate) frames: Frames,
}

impl Client {
    pub(crate) async fn open(endpoint: Endpoint, address: SocketAddr) -> Self {
        let connection = endpoint.connect(address, "localhost").unwrap().await.unwrap();
        let (mut control, receive) = connection.open_bi().await.unwrap();
        let open = Message::Open(Open { v: 10, compress: None });
        control.write_all(&open.frame()).await.unwrap();
        Self { endpoint, connection, control, frames: Frames::new(receive) }
    }

    pub(crate) async fn send(&mut self, payload: &str) {
        let frame = throng::whole(Head::Payload, payload.as_bytes());
        self.control.write_all(&frame).await.unwrap();
    }

    /// The next stream of a guild.
    pub(crate) async fn guild(&self) -> (GuildId, Frames) {
        guild(&self.connection).await.unwrap()
    }

    /// Moves to another port.
    pub(crate) fn rebind(&self) -> SocketAddr {
        self.endpoint.rebind(UdpSocket::bind(ANYWHERE).unwrap()).unwrap();
        self.endpoint.local_addr().unwrap()
    }
}

/// Waits for the next stream of a guild; `None` when the connection is gone.
pub(crate) async fn guild(connection: &Connection) -> Option<(GuildId, Frames)> {
    let mut stream = connection.accept_uni().await.ok()?;
    let mut preamble = [0; PREAMBLE_BYTES];
    stream.read_exact(&mut preamble).await.ok()?;
    Some((throng::guild(preamble).unwrap(), Frames::new(stream)))
}

/// A stream as frames.
pub(crate) struct Frames {
    pub(crate) stream: RecvStream,
    decoder: Decoder,
    rest: Bytes,
}

impl Frames {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self { stream, decoder: Decoder::new(BODY_BYTES_MAX), rest: Bytes::new() }
    }

    /// The next frame; `None` at the end of the stream or the connection.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.decoder.decode(&mut self.rest).unwrap() {
                return Some(frame);
            }
            self.rest = self.stream.read_chunk(usize::MAX, true).await.ok()??.bytes;
        }
    }

    /// The next payload or dispatch as text.
    pub(crate) async fn text(&mut self) -> String {
        text(self.next().await.unwrap())
    }
}

/// What WebSocket would have carried.
pub(crate) fn text(frame: Frame) -> String {
    let bytes = match frame {
        Frame::Payload(bytes) => bytes.into(),
        Frame::Dispatch(dispatch) => dispatch.text(BODY_BYTES_MAX).unwrap(),
        Frame::Message(message) => panic!("{message:?} instead of a payload"),
    };
    String::from_utf8(bytes).unwrap()
}

/// An open link and the client at its far end.
pub(crate) async fn open() -> (Rc<dyn Link>, Client) {
    let (arrival, client) = House::new(Config::default()).open(TransportConfig::default()).await;
    (arrival.arrive().unwrap(), client)
}

pub(crate) async fn receive(link: &dyn Link) -> Received {
    poll_fn(|cx| link.poll_receive(cx)).await
}

pub(crate) async fn flush(link: &dyn Link) {
    poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
}

pub(crate) const fn of_guild(guild: u64, sequence: u32, body: &Body) -> Dispatch<'_> {
    Dispatch { sequence, lane: Lane::Guild(GuildId::new(guild)), body }
}
