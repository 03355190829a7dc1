//! Why a request of the HTTP API or of a session was refused, with Discord's numbers.

mod body;

use std::time::Duration;

use thiserror::Error;

pub use self::body::ErrorBody;

/// How long to wait where the gateway cannot do now what was asked, and does not know until when:
/// a store that fails, a queue that is full, a guild that is read anew.
pub const UNAVAILABLE_WAIT: Duration = Duration::from_secs(5);
/// How long to wait where there is no room now, and soon will be: in a queue, or for an answer.
pub const CROWDED_WAIT: Duration = Duration::from_secs(1);

/// A refusal with its status, its code and its text.
///
/// See [Discord Docs/JSON Error Codes].
///
/// [Discord Docs/JSON Error Codes]: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No channel has the id, or the asker may not know of it.
    #[error("Unknown Channel")]
    UnknownChannel,
    /// No guild has the id, or the asker is not in it.
    #[error("Unknown Guild")]
    UnknownGuild,
    /// Nobody with the id is in the guild.
    #[error("Unknown Member")]
    UnknownMember,
    /// No message has the id.
    #[error("Unknown Message")]
    UnknownMessage,
    /// No overwrite has the id.
    #[error("Unknown Overwrite")]
    UnknownOverwrite,
    /// No role has the id.
    #[error("Unknown Role")]
    UnknownRole,
    /// No user has the id.
    #[error("Unknown User")]
    UnknownUser,
    /// No invite has the code, or it can be used no more.
    #[error("Unknown Invite")]
    UnknownInvite,
    /// The application has no command with the id in this place.
    #[error("Unknown application command")]
    UnknownCommand,
    /// Nobody was given or denied the command.
    #[error("Unknown application command permissions")]
    UnknownCommandPermissions,
    /// Who asks is a bot, and people alone may.
    #[error("Bots cannot use this endpoint")]
    NotForBots,
    /// The account has no such token.
    #[error("Unknown Token")]
    UnknownToken,
    /// No such emoji.
    #[error("Unknown Emoji")]
    UnknownEmoji,
    /// Nobody, or not the one named, added the emoji to the message.
    #[error("Unknown Emoji")]
    UnknownReaction,
    /// The asker may not see the place.
    #[error("Missing Access")]
    MissingAccess,
    /// The asker may see the place but not do this there.
    #[error("Missing Permissions")]
    MissingPermissions,
    /// A message without content.
    #[error("Cannot send an empty message")]
    EmptyMessage,
    /// A message of somebody else.
    #[error("Cannot edit a message authored by another user")]
    NotAuthor,
    /// Messages cannot be posted in a channel of this kind.
    #[error("Cannot send messages in a non-text channel")]
    NonTextChannel,
    /// A channel of this kind cannot be used so.
    #[error("Cannot execute action on this channel type")]
    WrongChannelKind,
    /// A token that is not the user's who is to be added.
    #[error("Invalid OAuth2 access token provided")]
    InvalidAccessToken,
    /// A limit is reached.
    #[error("Maximum number of {what} reached ({max})")]
    TooMany {
        /// What there are too many of, such as `guild roles`.
        what: &'static str,
        /// The limit.
        max: usize,
        /// Discord's code for it.
        code: u32,
    },
    /// An event would be longer than one may be.
    #[error("Request entity too large: the event would have more than {max} bytes")]
    EventTooLarge {
        /// Bytes that it may have.
        max: usize,
    },
    /// Something about the body is wrong.
    #[error("Invalid Form Body")]
    InvalidForm(Vec<FieldError>),
    /// The policy refused.
    #[error("{0}")]
    Policy(String),
    /// Too many requests.
    #[error("You are being rate limited.")]
    RateLimited {
        /// When to come back.
        retry_after: Duration,
    },
    /// Too soon after one's last message, where the channel says how long one waits.
    #[error("This action cannot be performed due to slowmode rate limit.")]
    SlowMode {
        /// When to come back.
        retry_after: Duration,
    },
    /// The gateway cannot do this now.
    #[error("{reason}")]
    Unavailable {
        /// What is wrong and what to do.
        reason: String,
        /// When to come back.
        retry_after: Duration,
    },
}

/// What is wrong with one field of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Path with dots, such as `embeds.0.title`.
    pub field: String,
    /// Word, such as `BASE_TYPE_MAX_LENGTH`.
    pub code: &'static str,
    /// Sentence.
    pub message: String,
}

impl Refusal {
    /// Makes a refusal for one wrong field.
    #[must_use]
    pub fn field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::InvalidForm(vec![FieldError {
            field: field.to_owned(),
            code,
            message: message.into(),
        }])
    }

    /// Refuses what cannot be done now, for [`UNAVAILABLE_WAIT`].
    #[must_use]
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), retry_after: UNAVAILABLE_WAIT }
    }

    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::UnknownChannel
            | Self::UnknownCommand
            | Self::UnknownCommandPermissions
            | Self::UnknownGuild
            | Self::UnknownMember
            | Self::UnknownMessage
            | Self::UnknownOverwrite
            | Self::UnknownReaction
            | Self::UnknownRole
            | Self::UnknownUser
            | Self::UnknownToken
            | Self::UnknownInvite => 404,
            Self::MissingAccess
            | Self::MissingPermissions
            | Self::NotAuthor
            | Self::NotForBots
            | Self::InvalidAccessToken
            | Self::Policy(_) => 403,
            Self::UnknownEmoji
            | Self::EmptyMessage
            | Self::NonTextChannel
            | Self::WrongChannelKind
            | Self::TooMany { .. }
            | Self::InvalidForm(_) => 400,
            Self::EventTooLarge { .. } => 413,
            Self::RateLimited { .. } | Self::SlowMode { .. } => 429,
            Self::Unavailable { .. } => 503,
        }
    }

    /// Returns Discord's code.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::UnknownChannel => 10_003,
            Self::UnknownGuild => 10_004,
            Self::UnknownInvite => 10_006,
            Self::UnknownMember => 10_007,
            Self::UnknownMessage => 10_008,
            Self::UnknownOverwrite => 10_009,
            Self::UnknownRole => 10_011,
            Self::UnknownUser => 10_013,
            Self::UnknownToken => 10_012,
            Self::UnknownEmoji | Self::UnknownReaction => 10_014,
            Self::UnknownCommand => 10_063,
            Self::UnknownCommandPermissions => 10_066,
            Self::NotForBots => 20_001,
            Self::MissingAccess => 50_001,
            Self::NotAuthor => 50_005,
            Self::EmptyMessage => 50_006,
            Self::NonTextChannel => 50_008,
            Self::MissingPermissions => 50_013,
            Self::WrongChannelKind => 50_024,
            Self::InvalidAccessToken => 50_025,
            Self::TooMany { code, .. } => *code,
            Self::EventTooLarge { .. } => 40_005,
            Self::InvalidForm(_) => 50_035,
            Self::Policy(_) => 20_000,
            Self::SlowMode { .. } => 20_016,
            // "API resource is currently overloaded. Try again a little later".
            Self::Unavailable { .. } => 130_000,
            Self::RateLimited { .. } => 0,
        }
    }

    /// Returns when to come back, where that helps.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after }
            | Self::SlowMode { retry_after }
            | Self::Unavailable { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}
