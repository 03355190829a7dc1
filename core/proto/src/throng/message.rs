//! The transport's own messages.

use serde::{Deserialize, Serialize};

/// Close code of WebSocket's registry for a refusal that does not last.
const TRY_AGAIN_LATER: u16 = 1013;
/// What stands around the seconds in the reason of such a refusal.
const RETRY_AFTER: &str = " Retry after ";
const SECONDS: &str = " s.";

/// A message that is the transport's and not the gateway's: one key, which names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// A client's first.
    Open(Open),
    /// Ranges of sequences, both ends included, that were given to datagrams: they have arrived or
    /// never will.
    Skipped(Vec<(u32, u32)>),
    /// Ends the link after everything before it.
    Close(Close),
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Version of the gateway's protocol.
    pub v: u16,
    /// How bodies may be compressed. Names that are unknown here ask for nothing, because each
    /// frame tells how its body travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compress: Option<String>,
}

/// Why a link ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Close code of the gateway or of WebSocket.
    pub code: u16,
    /// The reason in words.
    #[serde(default)]
    pub reason: String,
}

impl Close {
    /// Tells a client to come back later; also when there is no control stream yet, in a
    /// CONNECTION_CLOSE.
    #[must_use]
    pub fn try_again(reason: &str, seconds: u32) -> Self {
        Self { code: TRY_AGAIN_LATER, reason: format!("{reason}{RETRY_AFTER}{seconds}{SECONDS}") }
    }

    /// Returns after how many seconds a client should come back, if it was told.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        let (_, seconds) = self.reason.rsplit_once(RETRY_AFTER)?;
        seconds.strip_suffix(SECONDS)?.parse().ok()
    }
}

impl Open {
    /// Returns the query that asks for the same over WebSocket; see
    /// [`negotiate`](crate::gateway::negotiate).
    #[must_use]
    pub fn query(&self) -> String {
        let compress = match self.compress.as_deref() {
            Some("zstd") => "&compress=zstd-stream",
            _ => "",
        };
        format!("v={}&encoding=json{compress}", self.v)
    }
}
