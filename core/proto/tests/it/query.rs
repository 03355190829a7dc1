//! What clients ask for in the address they connect to.

use throng_proto::gateway::{QueryError, Terms, Version, negotiate};
use throng_proto::intents::Intents;
use throng_proto::wire::Wire;

#[test]
fn libraries_ask_in_their_own_ways() {
    for (query, wire) in [
        ("", Wire::Text),
        ("v=10&encoding=json", Wire::Text),
        ("encoding=json&v=9", Wire::Text),
        ("v=10&encoding=json&compress=zlib-stream", Wire::ZlibStream),
        ("v=10&encoding=json&compress=zstd-stream", Wire::ZstdStream),
        ("compress=zstd-stream&encoding=json&v=10", Wire::ZstdStream),
        ("v=10&encoding=json&compress=none", Wire::Text),
        ("v=10&encoding=json&compress=", Wire::Text),
        ("v=10&&encoding=json&client=x&flag", Wire::Text),
    ] {
        assert_eq!(negotiate(query).map(|terms| terms.wire), Ok(wire), "{query}");
    }
}

#[test]
fn escapes_mean_what_they_stand_for() {
    let zlib = Ok(Terms { version: Version::V10, wire: Wire::ZlibStream });
    for query in ["v=10&compress=zlib%2Dstream", "%76=%31%30&compress=zlib%2dstream"] {
        assert_eq!(negotiate(query), zlib, "{query}");
    }
    let version = |text: &str| Err(QueryError::Version(text.to_owned()));
    assert_eq!(negotiate("v=1%30%"), version("10%"));
    assert_eq!(negotiate("v=%zz%1"), version("%zz%1"));
    assert_eq!(negotiate("v=%2531"), version("%31"), "decoded once");
    assert_eq!(negotiate("v=%FF"), version("?"));
}

#[test]
fn the_version_is_read_and_decides_about_content() {
    let version = |query| negotiate(query).map(|terms| terms.version);
    assert_eq!(version("v=9"), Ok(Version::V9));
    assert_eq!(version("v=10"), Ok(Version::V10));
    assert_eq!(version("encoding=json"), Ok(Version::V10));
    let named = Intents::GUILD_MESSAGES;
    assert_eq!(Version::V10.intents(named), named);
    assert_eq!(Version::V9.intents(named), named.union(Intents::MESSAGE_CONTENT));
    assert_eq!((Version::V9.number(), Version::V10.number()), (9, 10));
}

#[test]
fn what_is_not_spoken_is_refused_by_name() {
    let version = |text: &str| Err(QueryError::Version(text.to_owned()));
    assert_eq!(negotiate("v=8&encoding=json"), version("8"));
    assert_eq!(negotiate("v=11"), version("11"));
    assert_eq!(negotiate("v="), version(""));
    assert_eq!(negotiate("v=10.0"), version("10.0"));
    assert_eq!(negotiate("v=10&encoding=etf"), Err(QueryError::Encoding("etf".to_owned())));
    let compression = Err(QueryError::Compression("brotli".to_owned()));
    assert_eq!(negotiate("v=10&compress=brotli"), compression);
}

#[test]
fn refusals_fit_a_close_frame() {
    for key in ["v", "encoding", "compress"] {
        let query = format!("{key}={}", "\u{1f984}".repeat(200));
        let error = negotiate(&query).expect_err(key).to_string();
        assert!(error.len() <= 123, "{} bytes: {error}", error.len());
    }
}

#[test]
fn only_uncompressed_payloads_are_text() {
    assert!(Wire::Text.is_text());
    for wire in [Wire::PayloadZlib, Wire::ZlibStream, Wire::ZstdStream] {
        assert!(!wire.is_text());
    }
}
