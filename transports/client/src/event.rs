//! What a client is told: the gateway's dispatches, typed, and what becomes of the connection.

mod payload;

use std::ops::Deref;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use throng_proto::event::EventKind;
use throng_proto::model::Channel;

use crate::cause::{Cause, End, Transport};

pub use payload::*;

/// A dispatch of the gateway: its data, which it dereferences to, with what came on the wire.
#[derive(Clone, Debug)]
pub struct Dispatch<T> {
    sequence: u64,
    data: Box<T>,
    raw: Box<RawValue>,
}

impl<T> Dispatch<T> {
    /// Returns the session's sequence of it.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns the data as JSON text, with the keys that no type here knows.
    #[must_use]
    pub fn raw(&self) -> &RawValue {
        &self.raw
    }

    /// Returns the data alone.
    #[must_use]
    pub fn into_data(self) -> T {
        *self.data
    }
}

impl<T> Deref for Dispatch<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

/// A dispatch on its way from the link.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) sequence: u64,
    pub(crate) name: String,
    pub(crate) data: Box<RawValue>,
}

impl Numbered {
    fn typed<T: DeserializeOwned>(&self) -> serde_json::Result<Dispatch<T>> {
        let data = Box::new(serde_json::from_str(self.data.get())?);
        Ok(Dispatch { sequence: self.sequence, data, raw: self.data.clone() })
    }

    fn other(self, fault: Option<String>) -> Event {
        let data = Box::new(Unknown { name: self.name, fault });
        Event::Other(Dispatch { sequence: self.sequence, data, raw: self.data })
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $kind:ident($data:ty),)*) => {
        /// One thing that a client is told.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum Event {
            /// A link is open; [`Event::Ready`] or [`Event::Resumed`] follows.
            Connected {
                /// Over what.
                transport: Transport,
            },
            /// The session goes on: what was missed comes again, each event once. Over QUIC some
            /// of it may come after this.
            Resumed,
            /// The link is gone; the next attempt begins after a while.
            Reconnecting {
                /// How long.
                after: Duration,
                /// What happened to the link.
                cause: Cause,
            },
            /// The session could not be resumed, so events were missed; a new [`Event::Ready`] and
            /// whole guilds will follow.
            SessionLost,
            /// The client has ended; nothing follows.
            Closed(End),
            $($(#[$doc])* $kind(Dispatch<$data>),)*
            /// A dispatch of a name, or in a shape, that this library does not know.
            Other(Dispatch<Unknown>),
        }

        impl Event {
            /// Reads a dispatch; what does not fit its type is [`Event::Other`] with the fault.
            pub(crate) fn read(numbered: Numbered) -> Self {
                let kind = EventKind::ALL.into_iter().find(|kind| kind.name() == numbered.name);
                let typed = match kind {
                    None => return numbered.other(None),
                    Some(EventKind::Resumed) => return Self::Resumed,
                    $(Some(EventKind::$kind) => numbered.typed().map(Self::$kind),)*
                };
                typed.unwrap_or_else(|fault| numbered.other(Some(fault.to_string())))
            }

            /// Returns a dispatch's name on the wire, such as `MESSAGE_CREATE`.
            #[must_use]
            pub fn name(&self) -> Option<&str> {
                match self {
                    $(Self::$kind(_) => Some(EventKind::$kind.name()),)*
                    Self::Other(dispatch) => Some(&dispatch.name),
                    Self::Resumed => Some(EventKind::Resumed.name()),
                    _ => None,
                }
            }

            /// Returns a dispatch's data as it came on the wire.
            #[must_use]
            pub fn raw(&self) -> Option<&RawValue> {
                match self {
                    $(Self::$kind(dispatch) => Some(dispatch.raw()),)*
                    Self::Other(dispatch) => Some(dispatch.raw()),
                    _ => None,
                }
            }

            /// Returns a dispatch's sequence in its session.
            #[must_use]
            pub fn sequence(&self) -> Option<u64> {
                match self {
                    $(Self::$kind(dispatch) => Some(dispatch.sequence()),)*
                    Self::Other(dispatch) => Some(dispatch.sequence()),
                    _ => None,
                }
            }
        }
    };
}

events! {
    /// A new session has begun.
    Ready(Ready),
    /// A guild, whole: after READY, or because the user joined it.
    GuildCreate(GuildCreate),
    /// A guild's settings changed.
    GuildUpdate(GuildUpdate),
    /// The user is no longer in a guild, or the guild is gone.
    GuildDelete(GuildDelete),
    /// A role is new.
    GuildRoleCreate(GuildRole),
    /// A role changed.
    GuildRoleUpdate(GuildRole),
    /// A role is gone.
    GuildRoleDelete(GuildRoleDelete),
    /// A channel is new.
    ChannelCreate(Channel),
    /// A channel changed.
    ChannelUpdate(Channel),
    /// A channel is gone.
    ChannelDelete(Channel),
    /// A member is new.
    GuildMemberAdd(GuildMember),
    /// A member changed.
    GuildMemberUpdate(GuildMember),
    /// A member left.
    GuildMemberRemove(GuildMemberRemove),
    /// Members that were asked for.
    GuildMembersChunk(GuildMembersChunk),
    /// A message is new.
    MessageCreate(GuildMessage),
    /// A message changed.
    MessageUpdate(GuildMessage),
    /// A message is gone.
    MessageDelete(MessageDelete),
    /// Several messages are gone.
    MessageDeleteBulk(MessageDeleteBulk),
    /// Somebody reacted to a message.
    MessageReactionAdd(MessageReactionAdd),
    /// Somebody took a reaction back.
    MessageReactionRemove(MessageReactionRemove),
    /// All reactions to a message are gone.
    MessageReactionRemoveAll(MessageReactionRemoveAll),
    /// All reactions with one emoji are gone.
    MessageReactionRemoveEmoji(MessageReactionRemoveEmoji),
    /// Somebody is typing.
    TypingStart(TypingStart),
    /// A member's presence changed.
    PresenceUpdate(PresenceUpdate),
    /// A request came too soon; the client repeats those for members by itself.
    RateLimited(RateLimited),
    /// What is new in a guild that the session is passive in.
    ChannelUnreadUpdate(ChannelUnreadUpdate),
    /// What is new in a guild that the session is passive in, for capability bit 11.
    PassiveUpdateV1(PassiveUpdateV1),
    /// What is new in a guild that the session is passive in, for capability bit 14.
    PassiveUpdateV2(PassiveUpdateV2),
    /// A part of a guild's member list changed.
    GuildMemberListUpdate(GuildMemberListUpdate),
    /// An invite is new.
    InviteCreate(InviteCreate),
    /// An invite is gone.
    InviteDelete(InviteDelete),
}

#[cfg(test)]
mod tests;
