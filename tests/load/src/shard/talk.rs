//! What is said between a session and a gateway before its messages come, and beside them.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::order::Nature;

/// GUILDS, GUILD_MESSAGES and MESSAGE_CONTENT: what a quiet reader asks for.
const INTENTS: u64 = 1 | 1 << 9 | 1 << 15;
/// Capability of a client that can do with digests.
const PASSIVE: u64 = 1 << 14;

/// As much of a payload as a session needs.
#[derive(Debug, Deserialize)]
pub(super) struct Payload<'a> {
    pub(super) op: u64,
    pub(super) t: Option<&'a str>,
    #[serde(borrow)]
    pub(super) d: Option<&'a RawValue>,
}

/// What HELLO says.
#[derive(Debug, Deserialize)]
pub(super) struct Hello {
    pub(super) heartbeat_interval: u64,
}

/// What READY says.
#[derive(Debug, Deserialize)]
pub(super) struct Ready {
    pub(super) session_id: String,
}

pub(super) fn upgrade(server: std::net::SocketAddr, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

pub(super) fn identify(token: &str, nature: Nature) -> String {
    let capabilities = if nature == Nature::Passive { PASSIVE } else { 0 };
    let properties = json!({ "os": "linux", "browser": "throng-load", "device": "" });
    let d = json!({
        "token": token, "intents": INTENTS, "properties": properties, "capabilities": capabilities,
    });
    json!({ "op": 2, "d": d }).to_string()
}

pub(super) fn resume(token: &str, session_id: &str, sequence: u32) -> String {
    json!({ "op": 6, "d": { "token": token, "session_id": session_id, "seq": sequence } })
        .to_string()
}

pub(super) fn beat(sequence: u32) -> String {
    format!(r#"{{"op":1,"d":{sequence}}}"#)
}
