//! Certificates: made, kept, renewed and reloaded.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quinn::TransportConfig;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest as _, Sha256};
use throng_ports::link::{Listener as _, Received};
use throng_proto::throng;
use throng_transport_quic::{BindError, CertificateError, CertificateFiles, Config, QuicListener};

use crate::client::{ANYWHERE, Client, House, caller, receive};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const FILE: &str = "quic-development.pem";

/// Tells whether a client that trusts the certificate in `file` takes it for `name` at that time.
fn is_valid(file: &Path, name: &str, at: SystemTime) -> bool {
    let certificate = CertificateDer::from_pem_file(file).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(roots.into(), provider.into());
    let at = UnixTime::since_unix_epoch(at.duration_since(UNIX_EPOCH).unwrap());
    let name = ServerName::try_from(name).unwrap();
    verifier.build().unwrap().verify_server_cert(&certificate, &[], &name, &[], at).is_ok()
}

/// Tells whether a client that trusts the certificate in `file` gets a link.
async fn connects(house: &mut House, file: &Path) -> bool {
    let endpoint = caller(file, &[throng::ALPN], TransportConfig::default());
    let connecting = endpoint.connect(house.address, "localhost").unwrap();
    let incoming = house.listener.accept().await.unwrap();
    let (connected, _) = tokio::join!(
        async {
            let connected = connecting.await;
            let connection = connected.ok()?;
            connection.close(1000_u32.into(), b"");
            Some(())
        },
        incoming.greet()
    );
    connected.is_some()
}

#[tokio::test]
async fn a_development_certificate_is_made_once_and_known_by_its_fingerprint() {
    let house = House::new(Config::default());
    let file = house.directory.path().join(FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let certificate = CertificateDer::from_pem_file(&file).unwrap();
    let fingerprint = house.listener.certificates().fingerprint();
    assert_eq!(fingerprint.as_bytes()[..], Sha256::digest(&certificate)[..]);
    assert_eq!(fingerprint.to_string().len(), 64);
    let again = QuicListener::bind(ANYWHERE, house.directory.path(), Config::default()).unwrap();
    assert_eq!(again.certificates().fingerprint(), fingerprint);
}

#[tokio::test]
async fn a_development_certificate_is_for_this_machine_and_two_weeks() {
    let house = House::new(Config::default());
    let file = house.directory.path().join(FILE);
    let now = SystemTime::now();
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(is_valid(&file, name, now), "{name}");
    }
    assert!(!is_valid(&file, "example.org", now));
    let minutes = |count: u64| Duration::from_secs(60 * count);
    for (at, valid) in [
        (now - minutes(59), true),
        (now - minutes(61), false),
        (now + 13 * DAY, true),
        (now + 14 * DAY - minutes(61), false),
    ] {
        assert_eq!(is_valid(&file, "localhost", at), valid, "{at:?}");
    }
}

#[tokio::test]
async fn a_development_certificate_that_cannot_be_used_is_replaced() {
    let house = House::new(Config::default());
    let (directory, file) = (house.directory.path(), house.directory.path().join(FILE));
    let before = house.listener.certificates().fingerprint();
    let text = fs::read_to_string(&file).unwrap();
    let soon = text.replacen(char::is_numeric, "0", 1);
    for broken in ["", "garbage", &text[..text.len() / 2], &soon] {
        fs::write(&file, broken).unwrap();
        let listener = QuicListener::bind(ANYWHERE, directory, Config::default()).unwrap();
        assert_ne!(listener.certificates().fingerprint(), before);
        assert!(is_valid(&file, "localhost", SystemTime::now()));
    }
}

#[tokio::test]
async fn a_development_certificate_is_renewed_before_it_ends_while_links_live() {
    let mut house = House::new(Config::default());
    let certificates = house.listener.certificates();
    let file = house.directory.path().join(FILE);
    let old = house.directory.path().join("old.pem");
    fs::copy(&file, &old).unwrap();
    let (arrival, mut client) = house.open(TransportConfig::default()).await;
    let link = arrival.arrive().unwrap();
    let before = certificates.fingerprint();

    certificates.renew(SystemTime::now() + 10 * DAY);
    assert_eq!(certificates.fingerprint(), before, "it is good for long");
    certificates.renew(SystemTime::now() + 11 * DAY);
    assert_ne!(certificates.fingerprint(), before);
    assert!(is_valid(&file, "localhost", SystemTime::now() + 14 * DAY));

    // Its time begins in the future here, so only the old one can be tried.
    assert!(!connects(&mut house, &old).await);
    client.send("{}").await;
    assert_eq!(receive(&*link).await, Received::Payload(b"{}".to_vec()));
}

/// Writes a new certificate and its key.
fn write(files: &CertificateFiles) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&files.chain, cert.pem()).unwrap();
    fs::write(&files.key, signing_key.serialize_pem()).unwrap();
}

fn files(directory: &Path) -> CertificateFiles {
    CertificateFiles { chain: directory.join("chain.pem"), key: directory.join("key.pem") }
}

fn house_with_files() -> (House, CertificateFiles) {
    let directory = tempfile::tempdir().unwrap();
    let files = files(directory.path());
    write(&files);
    let config = Config { certificate: Some(files.clone()), ..Config::default() };
    let listener = QuicListener::bind(ANYWHERE, directory.path(), config).unwrap();
    let address = listener.local_addr().unwrap();
    (House { listener, address, directory }, files)
}

#[tokio::test]
async fn certificates_from_files_are_reloaded_while_links_live() {
    let (mut house, files) = house_with_files();
    let certificates = house.listener.certificates();
    let before = certificates.fingerprint();
    let endpoint = caller(&files.chain, &[throng::ALPN], TransportConfig::default());
    let arriving = async { house.listener.accept().await.unwrap().greet().await.link().unwrap() };
    let (arrival, mut client) = tokio::join!(arriving, Client::open(endpoint, house.address));
    let link = arrival.arrive().unwrap();
    let old = house.directory.path().join("old.pem");
    fs::copy(&files.chain, &old).unwrap();

    write(&files);
    let after = certificates.reload().unwrap();
    assert_ne!(after, before);
    assert_eq!(certificates.fingerprint(), after);
    assert!(!connects(&mut house, &old).await);
    assert!(connects(&mut house, &files.chain).await);
    client.send("{}").await;
    assert_eq!(receive(&*link).await, Received::Payload(b"{}".to_vec()));
    link.send_control("{}").unwrap();
    assert_eq!(client.frames.text().await, "{}");
}

#[tokio::test]
async fn bad_files_are_refused_by_name_and_the_old_certificate_stays() {
    let (mut house, files) = house_with_files();
    let certificates = house.listener.certificates();
    let before = certificates.fingerprint();
    let good = house.directory.path().join("good.pem");
    fs::copy(&files.chain, &good).unwrap();
    let (chain, key) = (fs::read(&files.chain).unwrap(), fs::read(&files.key).unwrap());
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let cases: [(&Path, Vec<u8>, &str); 6] = [
        (&files.chain, b"garbage".to_vec(), "holds no certificate"),
        (&files.chain, chain[..chain.len() / 2].to_vec(), "chain.pem cannot be read"),
        (&files.chain, key.clone(), "holds no certificate"),
        (&files.chain, other.cert.pem().into_bytes(), "chain.pem cannot be used"),
        (&files.key, Vec::new(), "key.pem cannot be read"),
        (&files.key, chain.clone(), "key.pem cannot be read"),
    ];
    for (path, bytes, said) in cases {
        fs::write(path, &bytes).unwrap();
        let error = certificates.reload().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(certificates.fingerprint(), before);
        fs::write(&files.chain, &chain).unwrap();
        fs::write(&files.key, &key).unwrap();
    }
    fs::remove_file(&files.key).unwrap();
    assert!(matches!(certificates.reload(), Err(CertificateError::Read { .. })));
    assert!(connects(&mut house, &good).await);
}

#[tokio::test]
async fn without_its_files_a_listener_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config { certificate: Some(files(directory.path())), ..Config::default() };
    let bound = QuicListener::bind(ANYWHERE, directory.path(), config);
    let Err(BindError::Certificate(error)) = bound else { panic!("it started") };
    assert!(error.to_string().contains("chain.pem"), "{error}");
    // A development certificate needs a place to be kept.
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let bound = QuicListener::bind(ANYWHERE, &file, Config::default());
    assert!(matches!(bound, Err(BindError::Certificate(CertificateError::Write { .. }))));
}
