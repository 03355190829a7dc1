//! Why links end, and why a client does.

use std::fmt;
use std::time::Duration;

use thiserror::Error;
use throng_proto::close::CloseCode;
use throng_proto::throng::Close;

/// How a link reaches the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// `throng/1` over QUIC: guilds do not wait for each other.
    Quic,
    /// WebSocket over TCP: one stream for everything, and through every proxy.
    WebSocket,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quic => "QUIC",
            Self::WebSocket => "WebSocket",
        })
    }
}

/// Why a link ended, or did not come about. The client connects again after every one of these.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Cause {
    /// The gateway closed the link.
    #[error("closed with {code}: {reason}")]
    Closed {
        /// Close code.
        code: u16,
        /// The gateway's words.
        reason: String,
    },
    /// The gateway knows the session no more (op 9).
    #[error("the session is not valid")]
    InvalidSession {
        /// Whether it may be resumed after a while.
        resumable: bool,
    },
    /// The connection broke.
    #[error("the connection is lost: {0}")]
    Lost(String),
    /// The gateway asked to connect again (op 7), as before a restart.
    #[error("the gateway asked to connect again")]
    Reconnect,
    /// A heartbeat was not answered in time.
    #[error("the gateway does not answer heartbeats")]
    Silent,
    /// No transport led to the gateway.
    #[error("unreachable: {reason}")]
    Unreachable {
        /// What each transport ran into.
        reason: String,
        /// When the gateway said to come back.
        retry_after: Option<Duration>,
    },
    /// The gateway sent what it must not.
    #[error("the gateway broke the protocol: {0}")]
    Violation(String),
}

/// Why a client ended for good.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum End {
    /// The application closed it.
    #[error("closed by the application")]
    Finished,
    /// The gateway refused the client itself, so trying again cannot help: a bad token, shard,
    /// version or intents (4004, 4010 to 4014).
    #[error("refused with {}: {reason}", .code.code())]
    Refused {
        /// Close code.
        code: CloseCode,
        /// The gateway's words.
        reason: String,
    },
}

/// What becomes of the session when its link ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It waits for RESUME.
    Resume,
    /// It is gone; a new one may begin.
    Renew,
    /// There will be no other.
    Stop(End),
}

impl Cause {
    /// Reads the close code's table.
    pub(crate) fn fate(&self) -> Fate {
        let Self::Closed { code, reason } = self else {
            let gone = matches!(self, Self::InvalidSession { resumable: false });
            return if gone { Fate::Renew } else { Fate::Resume };
        };
        match CloseCode::ALL.into_iter().find(|known| known.code() == *code) {
            Some(
                code @ (CloseCode::AuthenticationFailed
                | CloseCode::InvalidShard
                | CloseCode::ShardingRequired
                | CloseCode::InvalidVersion
                | CloseCode::InvalidIntents
                | CloseCode::DisallowedIntents),
            ) => Fate::Stop(End::Refused { code, reason: reason.clone() }),
            Some(code) if !code.resumable() => Fate::Renew,
            // Proxies and drains close with codes of their own; the gateway will say if it forgot.
            Some(_) | None => Fate::Resume,
        }
    }

    /// Returns how long the gateway asked to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Closed { code, reason } => {
                let seconds = Close { code: *code, reason: reason.clone() }.retry_after();
                seconds.map(|seconds| Duration::from_secs(seconds.into()))
            }
            Self::Unreachable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(code: u16) -> Fate {
        Cause::Closed { code, reason: String::new() }.fate()
    }

    #[test]
    fn every_close_code_has_its_fate() {
        for code in [4000, 4001, 4002, 4005, 4008, 4009, 1000, 1001, 1006, 1012, 1013, 4999] {
            assert_eq!(fate(code), Fate::Resume, "{code}");
        }
        for code in [4003, 4007, 4015] {
            assert_eq!(fate(code), Fate::Renew, "{code}");
        }
        for code in [4004, 4010, 4011, 4012, 4013, 4014] {
            assert!(matches!(fate(code), Fate::Stop(End::Refused { .. })), "{code}");
        }
    }

    #[test]
    fn only_a_session_that_the_gateway_disowns_is_given_up() {
        assert_eq!(Cause::InvalidSession { resumable: false }.fate(), Fate::Renew);
        let kept = [
            Cause::InvalidSession { resumable: true },
            Cause::Lost(String::new()),
            Cause::Reconnect,
            Cause::Silent,
            Cause::Unreachable { reason: String::new(), retry_after: None },
            Cause::Violation(String::new()),
        ];
        for cause in kept {
            assert_eq!(cause.fate(), Fate::Resume, "{cause}");
        }
    }
}
