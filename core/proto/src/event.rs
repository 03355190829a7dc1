//! Kinds of events: their names, the intents they need, and what passive sessions get of them.

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, RoleId, UserId};
use crate::intents::Intents;

/// What happened, by its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    pub const ALL: [Self; 8] = [
        Self::Structure,
        Self::Message,
        Self::MessageChange,
        Self::Reaction,
        Self::Member,
        Self::Typing,
        Self::Presence,
        Self::Own,
    ];

    /// Returns the word in metrics and scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Message => "message",
            Self::MessageChange => "message_change",
            Self::Reaction => "reaction",
            Self::Member => "member",
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::Own => "own",
        }
    }
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 32] = [
        Self::Ready,
        Self::Resumed,
        Self::GuildCreate,
        Self::GuildUpdate,
        Self::GuildDelete,
        Self::GuildRoleCreate,
        Self::GuildRoleUpdate,
        Self::GuildRoleDelete,
        Self::ChannelCreate,
        Self::ChannelUpdate,
        Self::ChannelDelete,
        Self::GuildMemberAdd,
        Self::GuildMemberUpdate,
        Self::GuildMemberRemove,
        Self::GuildMembersChunk,
        Self::MessageCreate,
        Self::MessageUpdate,
        Self::MessageDelete,
        Self::MessageDeleteBulk,
        Self::MessageReactionAdd,
        Self::MessageReactionRemove,
        Self::MessageReactionRemoveAll,
        Self::MessageReactionRemoveEmoji,
        Self::TypingStart,
        Self::PresenceUpdate,
        Self::RateLimited,
        Self::ChannelUnreadUpdate,
        Self::PassiveUpdateV1,
        Self::PassiveUpdateV2,
        Self::GuildMemberListUpdate,
        Self::InviteCreate,
        Self::InviteDelete,
    ];

    /// Returns the name in `t`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Resumed => "RESUMED",
            Self::GuildCreate => "GUILD_CREATE",
            Self::GuildUpdate => "GUILD_UPDATE",
            Self::GuildDelete => "GUILD_DELETE",
            Self::GuildRoleCreate => "GUILD_ROLE_CREATE",
            Self::GuildRoleUpdate => "GUILD_ROLE_UPDATE",
            Self::GuildRoleDelete => "GUILD_ROLE_DELETE",
            Self::ChannelCreate => "CHANNEL_CREATE",
            Self::ChannelUpdate => "CHANNEL_UPDATE",
            Self::ChannelDelete => "CHANNEL_DELETE",
            Self::GuildMemberAdd => "GUILD_MEMBER_ADD",
            Self::GuildMemberUpdate => "GUILD_MEMBER_UPDATE",
            Self::GuildMemberRemove => "GUILD_MEMBER_REMOVE",
            Self::GuildMembersChunk => "GUILD_MEMBERS_CHUNK",
            Self::MessageCreate => "MESSAGE_CREATE",
            Self::MessageUpdate => "MESSAGE_UPDATE",
            Self::MessageDelete => "MESSAGE_DELETE",
            Self::MessageDeleteBulk => "MESSAGE_DELETE_BULK",
            Self::MessageReactionAdd => "MESSAGE_REACTION_ADD",
            Self::MessageReactionRemove => "MESSAGE_REACTION_REMOVE",
            Self::MessageReactionRemoveAll => "MESSAGE_REACTION_REMOVE_ALL",
            Self::MessageReactionRemoveEmoji => "MESSAGE_REACTION_REMOVE_EMOJI",
            Self::TypingStart => "TYPING_START",
            Self::PresenceUpdate => "PRESENCE_UPDATE",
            Self::RateLimited => "RATE_LIMITED",
            Self::ChannelUnreadUpdate => "CHANNEL_UNREAD_UPDATE",
            Self::PassiveUpdateV1 => "PASSIVE_UPDATE_V1",
            Self::PassiveUpdateV2 => "PASSIVE_UPDATE_V2",
            Self::GuildMemberListUpdate => "GUILD_MEMBER_LIST_UPDATE",
            Self::InviteCreate => "INVITE_CREATE",
            Self::InviteDelete => "INVITE_DELETE",
        }
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
