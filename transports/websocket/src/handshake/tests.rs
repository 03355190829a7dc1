//! Heads that ask for something.

use super::*;

const UPGRADE: &str = "GET /gateway?v=10 HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

#[test]
fn a_key_is_answered_as_in_rfc_6455() {
    assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn a_head_asks_for_more_until_it_is_whole() {
    for end in 0..UPGRADE.len() {
        assert_eq!(read(&UPGRADE.as_bytes()[..end], Paths::Gateway), Ask::More, "{end}");
    }
    let ask = read(UPGRADE.as_bytes(), Paths::Gateway);
    let Ask::Upgrade { query, head_bytes, .. } = ask else { panic!("{ask:?}") };
    assert_eq!((query.as_str(), head_bytes), ("v=10", UPGRADE.len()));
}

#[test]
fn other_paths_are_not_ours() {
    let other = UPGRADE.replace("/gateway", "/gateway/bot");
    assert_eq!(read(other.as_bytes(), Paths::Gateway), Ask::Http);
    assert!(matches!(read(other.as_bytes(), Paths::Any), Ask::Upgrade { .. }));
}

#[test]
fn heads_have_limits() {
    let long = UPGRADE.replacen("\r\n", &format!("\r\nCookie: {}\r\n", "x".repeat(16_384)), 1);
    assert_eq!(read(long.as_bytes(), Paths::Gateway), Ask::Bad(Fault::TooLong));
    let many = UPGRADE.replacen("\r\n", &format!("\r\n{}", "A: b\r\n".repeat(101)), 1);
    assert_eq!(read(many.as_bytes(), Paths::Gateway), Ask::Bad(Fault::TooLong));
}
