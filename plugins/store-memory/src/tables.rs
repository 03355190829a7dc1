//! State of the store, one map for each table of the durable one.

mod age;
mod catalog;
mod check;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use throng_proto::id::{ChannelId, CommandId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::{
    Channel, Guild, Invite, InviteCode, Message, Profile, RegisteredCommand, Role, User,
};
use throng_proto::record::{EventRecord, Standing};
use throng_proto::time::Timestamp;

/// Everything that is stored. Clones share nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    users: BTreeMap<UserId, User>,
    usernames: BTreeMap<String, UserId>,
    /// What operators decided, where they did.
    decisions: BTreeMap<UserId, Decision>,
    tokens: BTreeMap<[u8; 32], (UserId, Timestamp)>,
    guilds: BTreeMap<GuildId, Guild>,
    roles: BTreeMap<(GuildId, RoleId), Role>,
    channels: BTreeMap<ChannelId, Channel>,
    guild_channels: BTreeSet<(GuildId, ChannelId)>,
    members: BTreeMap<(GuildId, UserId), Profile>,
    user_guilds: BTreeSet<(UserId, GuildId)>,
    invites: BTreeMap<InviteCode, Invite>,
    commands: BTreeMap<CommandId, RegisteredCommand>,
    messages: BTreeMap<MessageId, Message>,
    channel_messages: BTreeSet<(ChannelId, MessageId)>,
    reactions: BTreeMap<MessageId, Vec<Reaction>>,
    events: BTreeMap<(GuildId, u64), EventRecord>,
}

/// What operators decided about an account.
#[derive(Clone, Copy, Debug, Default)]
struct Decision {
    standing: Standing,
    owner: Option<UserId>,
    tokens_since: Option<Timestamp>,
}

/// One emoji of one message, at its place among the message's emoji.
#[derive(Clone, Debug)]
struct Reaction {
    emoji: String,
    users: BTreeSet<UserId>,
}
