//! Kinds of events: their names, the intents they need, and what passive sessions get of them.

use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

use crate::id::{ChannelId, RoleId, UserId};
use crate::intents::Intents;
use crate::variants::every;

/// What happened, by its name on the wire.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumCount,
    IntoStaticStr,
    VariantArray,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each variant is the protocol's own name, in camel case")]
pub enum EventKind {
    Ready,
    Resumed,
    GuildCreate,
    GuildUpdate,
    GuildDelete,
    GuildRoleCreate,
    GuildRoleUpdate,
    GuildRoleDelete,
    ChannelCreate,
    ChannelUpdate,
    ChannelDelete,
    GuildMemberAdd,
    GuildMemberUpdate,
    GuildMemberRemove,
    GuildMembersChunk,
    MessageCreate,
    MessageUpdate,
    MessageDelete,
    MessageDeleteBulk,
    MessageReactionAdd,
    MessageReactionRemove,
    MessageReactionRemoveAll,
    MessageReactionRemoveEmoji,
    TypingStart,
    PresenceUpdate,
    RateLimited,
    ChannelUnreadUpdate,
    PassiveUpdateV1,
    PassiveUpdateV2,
    GuildMemberListUpdate,
    InviteCreate,
    InviteDelete,
}

/// What a policy's delivery table speaks of: events that are shed or withheld together.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumCount,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EventClass {
    /// Guilds, channels, roles, invites: what a client must know to stay in step.
    Structure,
    /// A message that is new.
    Message,
    /// A change to a message.
    MessageChange,
    /// Reactions.
    Reaction,
    /// Members that join, change or leave.
    Member,
    /// Typing.
    Typing,
    /// Presences.
    Presence,
    /// Meant for one session alone; no table withholds it.
    Own,
}

impl EventClass {
    /// Every class, in the order of tables.
    pub const ALL: [Self; Self::COUNT] = every();

    /// Returns the word in metrics and scripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; Self::COUNT] = every();

    /// Returns the name in `t`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the intents of which a session needs one; none needed when empty.
    #[must_use]
    pub const fn intents(self) -> Intents {
        if matches!(self, Self::InviteCreate | Self::InviteDelete) {
            return Intents::GUILD_INVITES;
        }
        match self.class() {
            EventClass::Structure => Intents::GUILDS,
            EventClass::Message | EventClass::MessageChange => Intents::GUILD_MESSAGES,
            EventClass::Reaction => Intents::GUILD_MESSAGE_REACTIONS,
            EventClass::Member => Intents::GUILD_MEMBERS,
            EventClass::Typing => Intents::GUILD_MESSAGE_TYPING,
            EventClass::Presence => Intents::GUILD_PRESENCES,
            EventClass::Own => Intents::NONE,
        }
    }

    /// Returns the class.
    #[must_use]
    pub const fn class(self) -> EventClass {
        match self {
            Self::GuildCreate
            | Self::GuildUpdate
            | Self::GuildDelete
            | Self::GuildRoleCreate
            | Self::GuildRoleUpdate
            | Self::GuildRoleDelete
            | Self::ChannelCreate
            | Self::ChannelUpdate
            | Self::ChannelDelete
            | Self::InviteCreate
            | Self::InviteDelete => EventClass::Structure,
            Self::MessageCreate => EventClass::Message,
            Self::MessageUpdate | Self::MessageDelete | Self::MessageDeleteBulk => {
                EventClass::MessageChange
            }
            Self::MessageReactionAdd
            | Self::MessageReactionRemove
            | Self::MessageReactionRemoveAll
            | Self::MessageReactionRemoveEmoji => EventClass::Reaction,
            Self::GuildMemberAdd | Self::GuildMemberUpdate | Self::GuildMemberRemove => {
                EventClass::Member
            }
            Self::TypingStart => EventClass::Typing,
            Self::PresenceUpdate => EventClass::Presence,
            Self::Ready
            | Self::Resumed
            | Self::GuildMembersChunk
            | Self::RateLimited
            | Self::ChannelUnreadUpdate
            | Self::PassiveUpdateV1
            | Self::PassiveUpdateV2
            | Self::GuildMemberListUpdate => EventClass::Own,
        }
    }
}

/// Who of a guild may see an event, before intents and modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Everybody.
    Guild,
    /// Who may view the channel.
    Channel(ChannelId),
    /// Who may manage the channel.
    Managers(ChannelId),
    /// One user's sessions.
    User(UserId),
}

/// Whom a message notifies, after everything was asked and allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentions {
    /// Users.
    #[serde(default)]
    pub users: Vec<UserId>,
    /// Roles.
    #[serde(default)]
    pub roles: Vec<RoleId>,
    /// @everyone.
    #[serde(default)]
    pub everyone: bool,
    /// @here: who is online.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub here: bool,
}
