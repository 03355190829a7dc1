//! What users ask a guild to do, and how it answers.
//!
//! Commands come from the HTTP API and from sessions. The guild checks permissions; whoever sends a
//! command has only authenticated its actor.

mod draft;
mod patch;
mod reply;

pub use self::draft::{
    COMPONENTS_V2, MessageDraft, MessagePatch, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS,
};
pub use self::patch::{ChannelPatch, ColorsPatch, GuildPatch, MemberPatch, RolePatch};
pub use self::reply::{Answer, Counts, GuildView, Outcome, Reply};
use crate::id::{AnyId, ChannelId, MessageId, RoleId, UserId};
use crate::model::{Emoji, InviteCode, InviteDraft, Overwrite, User};
use crate::permissions::Permissions;

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
    /// Asks for these permissions in a channel, and what else the actor may do there.
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
