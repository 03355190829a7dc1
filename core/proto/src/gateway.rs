//! Payloads: those that clients send, read as leniently as real libraries demand, and those that
//! they are sent ([`payload`]).

mod api;
mod error;
mod identify;
mod inbound;
pub mod payload;
mod presence;
mod query;
mod request;
mod shape;

pub use api::{ApiRequest, ApiResponse};
pub use error::DecodeError;
pub use identify::{Connection, Identify, Resume, Shard};
pub use inbound::Inbound;
pub use presence::PresenceUpdate;
pub use query::{QueryError, Terms, Version, negotiate};
pub use request::{RequestMembers, Subscription, Subscriptions};

/// Opcodes of the gateway. See [Discord Docs/Gateway Opcodes].
///
/// [Discord Docs/Gateway Opcodes]: https://discord.com/developers/docs/topics/opcodes-and-status-codes
pub mod opcode {
    /// An event with a sequence.
    pub const DISPATCH: u8 = 0;
    /// A heartbeat, either way.
    pub const HEARTBEAT: u8 = 1;
    /// Opens a session.
    pub const IDENTIFY: u8 = 2;
    /// Changes the client's presence.
    pub const PRESENCE_UPDATE: u8 = 3;
    /// Goes on with a session.
    pub const RESUME: u8 = 6;
    /// Asks the client to reconnect and resume.
    pub const RECONNECT: u8 = 7;
    /// Asks for members of a guild.
    pub const REQUEST_GUILD_MEMBERS: u8 = 8;
    /// Tells that the session is gone.
    pub const INVALID_SESSION: u8 = 9;
    /// First payload on a link.
    pub const HELLO: u8 = 10;
    /// Answers a heartbeat.
    pub const HEARTBEAT_ACK: u8 = 11;
    /// Subscribes to one guild.
    pub const GUILD_SUBSCRIPTIONS: u8 = 14;
    /// Subscribes to several guilds.
    pub const GUILD_SUBSCRIPTIONS_BULK: u8 = 37;
    /// A heartbeat with quality of service.
    pub const QOS_HEARTBEAT: u8 = 40;
    /// A request of the HTTP API over the link; Throng's own.
    pub const REQUEST: u8 = 100;
    /// Answers a request; Throng's own.
    pub const RESPONSE: u8 = 101;
    /// Highest opcode that clients of Discord are known to send.
    pub const KNOWN_MAX: u8 = 43;
}
