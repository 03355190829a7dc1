//! Links over TLS are links as all others, and their certificate can be replaced.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use throng_ports::link::Arrival;
use throng_ports::link::conformance::{self, Bench};
use throng_transport_websocket::{Config, Tls};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::client_async;

use crate::client::{Peer, call};

/// A certificate in files, and who trusts it.
struct House {
    files: TempDir,
    tls: Tls,
    trusted: RootCertStore,
}

/// Writes a new certificate for localhost into a folder.
fn issue(folder: &Path) -> CertificateDer<'static> {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("chain.pem"), issued.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), issued.signing_key.serialize_pem()).unwrap();
    issued.cert.der().clone()
}

impl House {
    fn new() -> Self {
        let files = TempDir::new().unwrap();
        let mut trusted = RootCertStore::empty();
        trusted.add(issue(files.path())).unwrap();
        let place = |name| files.path().join(name);
        let tls = Tls::open(place("chain.pem"), place("key.pem")).unwrap();
        Self { files, tls, trusted }
    }

    fn config(&self) -> Config {
        Config { tls: Some(self.tls.clone()), ..Config::default() }
    }

    async fn connect(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.trusted.clone())
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(client)).connect(name, stream).await
    }
}

impl Bench for House {
    type Peer = Peer<TlsStream<TcpStream>>;

    async fn open(&self) -> (Box<dyn Arrival>, Self::Peer) {
        let (incoming, stream) = call(self.config()).await;
        let shaking = async {
            let stream = self.connect(stream).await.unwrap();
            client_async("ws://localhost/?v=10&encoding=json", stream).await.unwrap().0
        };
        let (arrival, client) = tokio::join!(async { incoming.greet().await.link() }, shaking);
        (arrival.unwrap(), Peer::new(client))
    }
}

#[tokio::test]
async fn links_over_tls_pass_the_suite_of_links() {
    conformance::all(&House::new()).await;
}

#[tokio::test]
async fn who_speaks_no_tls_is_let_go() {
    let house = House::new();
    let (incoming, stream) = call(house.config()).await;
    let asking = async {
        let asked = client_async("ws://localhost/?v=10&encoding=json", stream).await;
        assert!(asked.is_err(), "upgraded without TLS");
    };
    let (arrival, ()) = tokio::join!(async { incoming.greet().await.link() }, asking);
    assert!(arrival.is_none());
}

#[tokio::test]
async fn a_certificate_is_replaced_for_new_connections_and_a_bad_one_is_not() {
    let mut house = House::new();
    let folder = house.files.path().to_owned();
    fs::write(folder.join("key.pem"), "no key").unwrap();
    let refused = house.tls.reload().unwrap_err().to_string();
    assert!(refused.contains("key.pem"), "{refused}");
    house.open().await;
    let fresh = issue(&folder);
    house.tls.reload().unwrap();
    house.trusted = RootCertStore::empty();
    house.trusted.add(fresh).unwrap();
    house.open().await;
}

#[test]
fn without_its_files_there_is_no_tls() {
    let folder = TempDir::new().unwrap();
    let place = |name| folder.path().join(name);
    let missing = Tls::open(place("chain.pem"), place("key.pem")).unwrap_err().to_string();
    assert!(missing.contains("chain.pem"), "{missing}");
}
