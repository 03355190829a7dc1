//! What the store keeps: records, and the writes that change them.

use serde::{Deserialize, Serialize};

use crate::event::{EventKind, Mentions, Scope};
use crate::id::{AnyId, ChannelId, CommandId, GuildId, MessageId, RoleId, UserId};
use crate::model::application_command::CommandPlace;
use crate::model::{
    Channel, Emoji, Guild, Invite, InviteCode, Member, Message, Nonce, RegisteredCommand, Role,
    User,
};
use crate::time::Timestamp;

/// One change to the store. The writes of one commit take effect together or not at all.
#[derive(Clone, Debug)]
pub enum Write {
    /// Adds or replaces a user; the commit fails when another has its username.
    User(User),
    /// Adds or replaces a user with what operators decided about it; as [`Write::User`], which
    /// leaves that alone.
    Account(Box<Account>),
    /// Adds a token: SHA-256 of the secret, and whose it is.
    Token {
        /// SHA-256 of the secret.
        digest: [u8; 32],
        /// Whose.
        user: UserId,
        /// When it was made.
        made_at: Timestamp,
    },
    /// Removes a token.
    TokenDelete([u8; 32]),
    /// Removes all tokens of a user.
    TokensDelete(UserId),
    /// Adds or replaces a guild's own settings.
    Guild(Guild),
    /// Deletes a guild with everything in it.
    GuildDelete(GuildId),
    /// Adds or replaces a role.
    Role(GuildId, Role),
    /// Deletes a role. Who reads members leaves it out; they are not written.
    RoleDelete(GuildId, RoleId),
    /// Adds or replaces a channel; its last message never goes back.
    Channel(Channel),
    /// Deletes a channel with its messages and invites.
    ChannelDelete(GuildId, ChannelId),
    /// Adds or replaces a member, and its user.
    Member(GuildId, Member),
    /// Removes a member, and the commands that it has in the guild as an application.
    MemberDelete(GuildId, UserId),
    /// Adds or replaces an invite.
    Invite(Box<Invite>),
    /// Deletes an invite.
    InviteDelete(GuildId, InviteCode),
    /// Adds a message and makes it the channel's last one. Its reactions and what it answers are
    /// not kept in it.
    Message(Box<Message>),
    /// Replaces a message, if it is still there; its reactions stay.
    MessageUpdate(Box<Message>),
    /// Deletes messages and their reactions.
    MessageDelete(ChannelId, Vec<MessageId>),
    /// Adds a reaction; nothing when it is there or the message is not.
    ReactionAdd(MessageId, Emoji, UserId),
    /// Removes a reaction.
    ReactionRemove(MessageId, Emoji, UserId),
    /// Removes all reactions of a message, or those of one emoji.
    ReactionClear(MessageId, Option<Emoji>),
    /// Adds or replaces a command of an application; nothing when its account is gone, or is no
    /// member of the command's guild.
    Command(Box<RegisteredCommand>),
    /// Deletes a command, if it is of this place.
    CommandDelete(CommandPlace, CommandId),
    /// Deletes all commands of an application, those of guilds among them.
    CommandsDelete(UserId),
    /// Adds an event to its guild's log, from which sessions catch up after a crash; the commit
    /// fails when its place is taken.
    Event(Box<EventRecord>),
}

/// How an account stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Its tokens let in.
    #[default]
    Active,
    /// Nothing lets in, until it is active again.
    Disabled,
    /// It is gone for good; a row is left, so that nobody gets its id and its tokens.
    Deleted,
}

/// An account with what operators decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What everybody sees.
    pub user: User,
    /// How it stands.
    pub standing: Standing,
    /// Who owns the bot.
    pub owner: Option<UserId>,
    /// Signed tokens that were issued before are void.
    pub tokens_since: Option<Timestamp>,
}

impl Account {
    /// Makes an account that nobody has decided about.
    #[must_use]
    pub const fn new(user: User) -> Self {
        Self { user, standing: Standing::Active, owner: None, tokens_since: None }
    }
}

/// A token as the store knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// When it was made; unknown of those from before that was written down.
    pub made_at: Option<Timestamp>,
}

/// A durable event as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Guild.
    pub guild: GuildId,
    /// Place in the guild's sequence; without gaps, from 1.
    pub sequence: u64,
    /// When it was accepted; decides when the log forgets it.
    pub at: Timestamp,
    /// Kind.
    pub kind: EventKind,
    /// Who may see it.
    pub scope: Scope,
    /// JSON of `d`.
    pub payload: String,
    /// JSON of `d` without content, where that differs.
    #[serde(default)]
    pub stripped: Option<String>,
    /// Who caused it.
    #[serde(default)]
    pub author: Option<UserId>,
    /// Whom it notifies.
    #[serde(default)]
    pub mentions: Mentions,
}

/// A guild as the store loads it, without its members.
#[derive(Clone, Debug)]
pub struct GuildRecord {
    /// Settings.
    pub guild: Guild,
    /// Roles, @everyone among them, in order of their ids.
    pub roles: Vec<Role>,
    /// Channels, in order of their ids, each with its last message.
    pub channels: Vec<Channel>,
    /// Last number of the guild's sequence; 0 when nothing happened yet.
    pub sequence: u64,
    /// Nonces of messages from the last minutes, so that a repeated post is recognised after a
    /// restart.
    pub nonces: Vec<NonceRecord>,
    /// Invites, in order of their codes; also those that are spent.
    pub invites: Vec<Invite>,
}

/// Nonce of a recent message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonceRecord {
    /// Author.
    pub author: UserId,
    /// Nonce.
    pub nonce: Nonce,
    /// Channel of the message.
    pub channel: ChannelId,
    /// Message.
    pub message: MessageId,
}

/// What a guild asks of the store about one message before it decides on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowQuery {
    /// Channel in which the message should be.
    pub channel: ChannelId,
    /// Message.
    pub message: MessageId,
    /// Whose reactions matter.
    pub users: Vec<UserId>,
}

/// A message as the store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRow {
    /// Who wrote it.
    pub author: UserId,
    /// The message without its reactions and without what it answers; `None` when the row is
    /// damaged, so that it can still be deleted.
    pub message: Option<Box<Message>>,
    /// Reactions in the order of each emoji's first.
    pub reactions: Vec<ReactionRow>,
}

/// Reactions with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionRow {
    /// Which.
    pub emoji: Emoji,
    /// How many.
    pub count: u32,
    /// Who of those asked about added it, in order of their ids.
    pub users: Vec<UserId>,
}

/// Which part of a channel's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    Latest,
    /// The newest before an id.
    Before(MessageId),
    /// The oldest after an id.
    After(MessageId),
    /// Half before and half after an id, itself among them.
    Around(MessageId),
}

/// Target of an overwrite as a role.
impl From<RoleId> for AnyId {
    fn from(role: RoleId) -> Self {
        role.cast()
    }
}

/// Target of an overwrite as a member.
impl From<UserId> for AnyId {
    fn from(user: UserId) -> Self {
        user.cast()
    }
}
