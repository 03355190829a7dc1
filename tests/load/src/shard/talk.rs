//! What is said between a session and a gateway before its messages come, and beside them.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::order::Nature;

/// GUILDS, GUILD_MESSAGES and MESSAGE_CONTENT: what a quiet reader asks for.
pub(crate) const INTENTS: u64 = 1 | 1 << 9 | 1 << 15;
/// Capability of a client that can do with digests.
const PASSIVE: u64 = 1 << 14;

/// As much of a payload as a session needs.
#[derive(Debug, Deserialize)]
pub(crate) struct Payload<'a> {
    pub(crate) op: u64,
    pub(crate) t: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) d: Option<&'a RawValue>,
}

/// What HELLO says.
#[derive(Debug, Deserialize)]
pub(crate) struct Hello {
    pub(crate) heartbeat_interval: u64,
}

/// What READY says.
#[derive(Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) session_id: String,
}

pub(crate) fn upgrade(server: std::net::SocketAddr, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

pub(crate) fn identify(token: &str, nature: Nature, intents: u64) -> String {
    let capabilities = if nature == Nature::Passive { PASSIVE } else { 0 };
    let properties = json!({ "os": "linux", "browser": "throng-load", "device": "" });
    let d = json!({
        "token": token, "intents": intents, "properties": properties, "capabilities": capabilities,
    });
    json!({ "op": 2, "d": d }).to_string()
}

pub(crate) fn resume(token: &str, session_id: &str, sequence: u32) -> String {
    json!({ "op": 6, "d": { "token": token, "session_id": session_id, "seq": sequence } })
        .to_string()
}

pub(crate) fn beat(sequence: u32) -> String {
    format!(r#"{{"op":1,"d":{sequence}}}"#)
}
