//! Objects of the protocol in the shape that clients parse.
//!
//! Every nullable key is sent, because some library indexes each of them without a default; keys
//! that are the same for everybody are zero-sized constants. See [Discord Docs/Reference] and
//! `core/docs/PROTOCOL.md`.
//!
//! [Discord Docs/Reference]: https://discord.com/developers/docs/reference

mod activity;
pub mod application_command;
mod attachment;
pub mod bound;
mod channel;
pub mod component;
pub mod constant;
pub mod embed;
mod emoji;
mod guild;
mod invite;
mod member;
mod message;
mod presence;
mod role;
mod stored;
mod user;

pub use activity::{
    Activities, Activity, ActivityEmoji, Assets, Party, Rich, Said, Secrets, Timestamps,
};
pub use application_command::{ApplicationCommand, RegisteredCommand};
pub use attachment::Attachment;
pub use channel::{Channel, ChannelKind, Overwrite, OverwriteKind};
pub use component::Component;
pub use embed::Embed;
pub use emoji::Emoji;
pub use guild::{Guild, GuildBody};
pub use invite::{Invite, InviteBody, InviteCode, InviteDraft, NoCode};
pub use member::{Member, Profile};
pub use message::{
    MENTIONS_MAX, Message, MessageKind, MessageReference, Nonce, ReactionCount, Referenced,
};
pub use presence::{ClientStatus, Presence, PresenceUser, Status};
pub use role::{Colors, Role};
pub use user::{CurrentUser, User};
