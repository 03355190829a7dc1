//! What clients ask for in the address they connect to.

use throng_proto::gateway::{QueryError, negotiate};
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
        assert_eq!(negotiate(query), Ok(wire), "{query}");
    }
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
