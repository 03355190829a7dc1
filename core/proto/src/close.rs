//! Close codes of the gateway, one table for every refusal on a link.

use std::fmt;

use strum::{EnumCount, VariantArray};

use crate::variants::every;

/// Why the gateway ends a link. See [Discord Docs/Gateway Close Event Codes].
///
/// Codes that a client may resume on are those for which [`CloseCode::resumable`] is true; 4004 and
/// 4010–4014 stop client libraries for good, so they are used only when meant.
///
/// [Discord Docs/Gateway Close Event Codes]: https://discord.com/developers/docs/topics/opcodes-and-status-codes
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumCount, VariantArray)]
#[repr(u16)]
pub enum CloseCode {
    /// Something went wrong on our side; also how a drain ends a link.
    UnknownError = 4000,
    /// An opcode that does not exist, or a payload that does not fit its opcode.
    UnknownOpcode = 4001,
    /// A payload that is not JSON, or one over the size limit.
    DecodeError = 4002,
    /// A payload before IDENTIFY or RESUME.
    NotAuthenticated = 4003,
    /// A token that nobody has.
    AuthenticationFailed = 4004,
    /// A second IDENTIFY.
    AlreadyAuthenticated = 4005,
    /// A RESUME with a sequence that was never sent.
    InvalidSequence = 4007,
    /// More payloads than the limit allows.
    RateLimited = 4008,
    /// Heartbeats stopped, or IDENTIFY never came.
    SessionTimedOut = 4009,
    /// A shard id or count that cannot be.
    InvalidShard = 4010,
    /// More guilds than one shard may have.
    ShardingRequired = 4011,
    /// A version or an encoding that is not spoken here.
    InvalidVersion = 4012,
    /// Intent bits that do not exist.
    InvalidIntents = 4013,
    /// Intents that this gateway does not grant.
    DisallowedIntents = 4014,
    /// More sessions of one user than the limit allows.
    TooManySessions = 4015,
}

impl CloseCode {
    /// Every code, in numeric order.
    pub const ALL: [Self; Self::COUNT] = every();

    /// Returns the number on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Returns the reason text that goes with the code.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownError => "Unknown error.",
            Self::UnknownOpcode => "Unknown opcode.",
            Self::DecodeError => "Error while decoding payload.",
            Self::NotAuthenticated => "Not authenticated.",
            Self::AuthenticationFailed => "Authentication failed.",
            Self::AlreadyAuthenticated => "Already authenticated.",
            Self::InvalidSequence => "Invalid seq.",
            Self::RateLimited => "Rate limited.",
            Self::SessionTimedOut => "Session timed out.",
            Self::InvalidShard => "Invalid shard.",
            Self::ShardingRequired => "Sharding required.",
            Self::InvalidVersion => "Invalid API version or encoding.",
            Self::InvalidIntents => "Invalid intent(s).",
            Self::DisallowedIntents => "Disallowed intent(s).",
            Self::TooManySessions => "Too many sessions.",
        }
    }

    /// Tells whether the session outlives the link, so that the client may RESUME.
    #[must_use]
    pub const fn resumable(self) -> bool {
        matches!(
            self,
            Self::UnknownError
                | Self::UnknownOpcode
                | Self::DecodeError
                | Self::AlreadyAuthenticated
                | Self::RateLimited
                | Self::SessionTimedOut
        )
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.reason())
    }
}
