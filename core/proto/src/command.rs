//! What users ask a guild to do, and how it answers.
//!
//! Commands come from the HTTP API and from sessions. The guild checks permissions; whoever sends a
//! command has only authenticated its actor.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{AnyId, ChannelId, MessageId, RoleId, UserId};
use crate::mention::AllowedMentions;
use crate::model::{
    ChannelKind, Emoji, InviteCode, InviteDraft, MessageReference, Nonce, Overwrite, User,
};
use crate::permissions::Permissions;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// A request to one guild.
#[derive(Clone, Debug)]
pub enum Command {
    /// Reads the guild object; `counts` adds approximate member and presence counts.
    GuildGet {
        /// Adds `approximate_member_count` and `approximate_presence_count`.
        counts: bool,
    },
    /// Changes the guild. Needs MANAGE_GUILD; a new owner only by the owner.
    GuildPatch(GuildPatch),
    /// Deletes the guild. Only the owner.
    GuildDelete,
    /// Reads all channels.
    ChannelList,
    /// Reads one channel.
    ChannelGet(ChannelId),
    /// Makes a channel. Needs MANAGE_CHANNELS.
    ChannelCreate(ChannelPatch),
    /// Changes a channel. Needs MANAGE_CHANNELS there; overwrites also need MANAGE_ROLES.
    ChannelPatch(ChannelId, ChannelPatch),
    /// Deletes a channel. Needs MANAGE_CHANNELS there.
    ChannelDelete(ChannelId),
    /// Sets one overwrite. Needs MANAGE_ROLES there.
    OverwritePut(ChannelId, Overwrite),
    /// Removes one overwrite. Needs MANAGE_ROLES there.
    OverwriteDelete(ChannelId, AnyId),
    /// Reads all roles.
    RoleList,
    /// Makes a role. Needs MANAGE_ROLES.
    RoleCreate(RolePatch),
    /// Changes a role below one's own. Needs MANAGE_ROLES.
    RolePatch(RoleId, RolePatch),
    /// Deletes a role below one's own. Needs MANAGE_ROLES.
    RoleDelete(RoleId),
    /// Reads one member.
    MemberGet(UserId),
    /// Reads members in order of their ids.
    MemberList {
        /// Starts after this id.
        after: UserId,
        /// 1 to 1000.
        limit: usize,
    },
    /// Reads members whose name or nickname starts with the query, without regard to case.
    MemberSearch {
        /// Prefix.
        query: String,
        /// 1 to 1000.
        limit: usize,
    },
    /// Adds a user who has agreed, as whoever sends the command has made sure. Needs
    /// CREATE_INSTANT_INVITE; answers nothing when already there.
    MemberPut(User, MemberPatch),
    /// Changes a member.
    MemberPatch(UserId, MemberPatch),
    /// Removes a member: KICK_MEMBERS, or oneself.
    MemberDelete(UserId),
    /// Gives a role below one's own. Needs MANAGE_ROLES.
    MemberRoleAdd(UserId, RoleId),
    /// Takes a role below one's own. Needs MANAGE_ROLES.
    MemberRoleRemove(UserId, RoleId),
    /// Makes an invite to a channel. Needs CREATE_INSTANT_INVITE there.
    InviteCreate(ChannelId, InviteDraft),
    /// Reads the invites of a channel, which needs MANAGE_CHANNELS there, or all of them, which
    /// needs MANAGE_GUILD.
    InviteList(Option<ChannelId>),
    /// Reads an invite. Needs no membership.
    InviteGet {
        /// Its name.
        code: InviteCode,
        /// Adds approximate member and presence counts.
        counts: bool,
    },
    /// Makes the actor a member. Needs no membership.
    InviteAccept(InviteCode),
    /// Deletes an invite. Needs MANAGE_CHANNELS in its channel, or MANAGE_GUILD.
    InviteDelete(InviteCode),
    /// Posts. Needs VIEW_CHANNEL and SEND_MESSAGES; an answer also READ_MESSAGE_HISTORY.
    MessageCreate(ChannelId, Box<MessageDraft>),
    /// Edits one's own message; others' only `flags`, with MANAGE_MESSAGES.
    MessageEdit(ChannelId, MessageId, Box<MessagePatch>),
    /// Deletes a message: one's own, or any with MANAGE_MESSAGES.
    MessageDelete(ChannelId, MessageId),
    /// Deletes 2 to 100 messages at once, as far as they exist. Needs MANAGE_MESSAGES.
    MessageBulkDelete(ChannelId, Vec<MessageId>),
    /// Adds a reaction. Needs READ_MESSAGE_HISTORY, and ADD_REACTIONS for an emoji nobody added
    /// yet.
    ReactionAdd(ChannelId, MessageId, Emoji),
    /// Removes a reaction: one's own, or anybody's with MANAGE_MESSAGES.
    ReactionRemove(ChannelId, MessageId, Emoji, UserId),
    /// Removes all reactions, or those of one emoji. Needs MANAGE_MESSAGES.
    ReactionClear(ChannelId, MessageId, Option<Emoji>),
    /// Shows that the actor is typing. Needs SEND_MESSAGES.
    Typing(ChannelId),
    /// Asks whether the actor has these permissions in a channel, and does nothing else.
    Access(ChannelId, Permissions),
}

impl Command {
    /// Tells whether it only reads: it changes nothing and shows nothing to others.
    #[must_use]
    pub const fn reads(&self) -> bool {
        matches!(
            self,
            Self::GuildGet { .. }
                | Self::ChannelList
                | Self::ChannelGet(_)
                | Self::RoleList
                | Self::MemberGet(_)
                | Self::MemberList { .. }
                | Self::MemberSearch { .. }
                | Self::InviteList(_)
                | Self::InviteGet { .. }
                | Self::Access(..)
        )
    }

    /// Tells whether it may make somebody a member.
    #[must_use]
    pub const fn joins(&self) -> bool {
        matches!(self, Self::MemberPut(..) | Self::InviteAccept(_))
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user, with its own permissions.
    User(User),
    /// An operator, who may do everything; messages cannot be posted as one.
    Operator,
}

/// What a guild answers: an object as JSON text, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Body of the answer; `None` is 204.
    pub json: Option<String>,
    /// Tells that something was made: 201 where the protocol says so.
    pub created: bool,
}

/// What every command ends in.
pub type Outcome = Result<Reply, Refusal>;

impl Reply {
    /// Answers with nothing.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { json: None, created: false }
    }

    /// Answers with an object.
    #[must_use]
    pub fn json(value: &impl Serialize) -> Self {
        // Every answer is a struct of strings and numbers, which always serialises.
        let json = Some(serde_json::to_string(value).unwrap_or_default());
        Self { json, created: false }
    }

    /// Marks the answer as 201.
    #[must_use]
    pub fn created(self) -> Self {
        Self { created: true, ..self }
    }
}

/// Settings of a guild to change; absent keys stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct GuildPatch {
    /// 2 to 100 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// At most 300 characters; null clears.
    #[serde(default, deserialize_with = "present")]
    pub description: Option<Option<String>>,
    /// New owner, a member.
    #[serde(default)]
    pub owner_id: Option<UserId>,
    /// 0 to 4.
    #[serde(default)]
    pub verification_level: Option<u8>,
    /// 0 or 1.
    #[serde(default)]
    pub default_message_notifications: Option<u8>,
    /// 0 to 2.
    #[serde(default)]
    pub explicit_content_filter: Option<u8>,
    /// 60, 300, 900, 1800 or 3600 seconds.
    #[serde(default)]
    pub afk_timeout: Option<u32>,
    /// A voice channel; null clears.
    #[serde(default, deserialize_with = "present")]
    pub afk_channel_id: Option<Option<ChannelId>>,
    /// A text channel; null clears.
    #[serde(default, deserialize_with = "present")]
    pub system_channel_id: Option<Option<ChannelId>>,
}

/// A channel to make, or settings of one to change; absent keys stay or have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ChannelPatch {
    /// 1 to 100 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// Kind.
    #[serde(rename = "type", default)]
    pub kind: Option<ChannelKind>,
    /// At most 1024 characters; null clears.
    #[serde(default, deserialize_with = "present")]
    pub topic: Option<Option<String>>,
    /// Order.
    #[serde(default)]
    pub position: Option<u32>,
    /// Category; null clears.
    #[serde(default, deserialize_with = "present")]
    pub parent_id: Option<Option<ChannelId>>,
    /// For adults.
    #[serde(default)]
    pub nsfw: Option<bool>,
    /// 0 to 21,600 seconds.
    #[serde(default)]
    pub rate_limit_per_user: Option<u32>,
    /// 8,000 to 384,000 bits per second.
    #[serde(default)]
    pub bitrate: Option<u32>,
    /// 0 to 99 members.
    #[serde(default)]
    pub user_limit: Option<u32>,
    /// Replaces all overwrites.
    #[serde(default)]
    pub permission_overwrites: Option<Vec<Overwrite>>,
}

/// A role to make, or settings of one to change; absent keys stay or have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RolePatch {
    /// 1 to 100 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// What it allows; never more than the actor may.
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// RGB.
    #[serde(default)]
    pub color: Option<u32>,
    /// RGB and gradients; says more than `color`, which it replaces.
    #[serde(default)]
    pub colors: Option<ColorsPatch>,
    /// Shown apart.
    #[serde(default)]
    pub hoist: Option<bool>,
    /// Everybody may mention it.
    #[serde(default)]
    pub mentionable: Option<bool>,
    /// Rank.
    #[serde(default)]
    pub position: Option<u32>,
}

/// Colours of a role to change; absent keys stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ColorsPatch {
    /// RGB.
    #[serde(default)]
    pub primary_color: Option<u32>,
    /// RGB of a gradient; null makes it plain.
    #[serde(default, deserialize_with = "present")]
    pub secondary_color: Option<Option<u32>>,
    /// RGB of a third colour; null takes it.
    #[serde(default, deserialize_with = "present")]
    pub tertiary_color: Option<Option<u32>>,
}

/// Settings of a member to change; absent keys stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct MemberPatch {
    /// At most 32 characters; null or empty clears.
    #[serde(default, deserialize_with = "present")]
    pub nick: Option<Option<String>>,
    /// Replaces all roles.
    #[serde(default)]
    pub roles: Option<Vec<RoleId>>,
    /// Mute in voice.
    #[serde(default)]
    pub mute: Option<bool>,
    /// Deafen in voice.
    #[serde(default)]
    pub deaf: Option<bool>,
    /// At most 28 days ahead; null ends the time-out.
    #[serde(default, deserialize_with = "present")]
    pub communication_disabled_until: Option<Option<Timestamp>>,
}

/// A message to post.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct MessageDraft {
    /// At most 2000 characters.
    #[serde(default)]
    pub content: Option<String>,
    /// At most 25 characters, or an integer.
    #[serde(default)]
    pub nonce: Option<Nonce>,
    /// The same author and nonce within minutes answer with the first message.
    #[serde(default)]
    pub enforce_nonce: bool,
    /// Text to speech.
    #[serde(default)]
    pub tts: bool,
    /// At most 10.
    #[serde(default)]
    pub embeds: Vec<Value>,
    /// Which mentions count.
    #[serde(default)]
    pub allowed_mentions: Option<AllowedMentions>,
    /// What the message answers.
    #[serde(default)]
    pub message_reference: Option<MessageReference>,
    /// Components.
    #[serde(default)]
    pub components: Vec<Value>,
    /// At most 3.
    #[serde(default)]
    pub sticker_ids: Vec<AnyId>,
    /// Only SUPPRESS_EMBEDS (1 << 2), SUPPRESS_NOTIFICATIONS (1 << 12) and components v2 (1 <<
    /// 15).
    #[serde(default)]
    pub flags: u64,
    /// Names of files; nothing stores the files.
    #[serde(default)]
    pub attachments: Vec<Value>,
    /// Post also when the answered message is gone, and answer nothing then: the opposite of
    /// `fail_if_not_exists`, which stands inside the reference.
    #[serde(skip)]
    pub reference_optional: bool,
}

/// An edit; absent keys stay.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct MessagePatch {
    /// At most 2000 characters; null clears.
    #[serde(default, deserialize_with = "present")]
    pub content: Option<Option<String>>,
    /// At most 10.
    #[serde(default)]
    pub embeds: Option<Vec<Value>>,
    /// As in a draft.
    #[serde(default)]
    pub flags: Option<u64>,
    /// Which mentions of the new content count.
    #[serde(default)]
    pub allowed_mentions: Option<AllowedMentions>,
    /// Components.
    #[serde(default)]
    pub components: Option<Vec<Value>>,
}

/// Tells a key that is null from one that is absent.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
