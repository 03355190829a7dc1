//! Data of dispatches, where the protocol's own objects do not say it all.
//!
//! Keys that are not here are in [`Dispatch::raw`](super::Dispatch::raw).

use serde::Deserialize;
use serde_json::Value;
use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::{
    Channel, ChannelKind, Emoji, Guild, InviteCode, Member, Message, Profile, Role, Status, User,
};
use throng_proto::time::Timestamp;

/// Why a dispatch is [`Event::Other`](super::Event::Other).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Name on the wire.
    pub name: String,
    /// What does not fit, if the name is known.
    pub fault: Option<String>,
}

/// A session that has begun.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    /// The user that the token belongs to.
    pub user: User,
    /// Guilds that will follow, each as [`Event::GuildCreate`](super::Event::GuildCreate).
    pub guilds: Vec<GuildDelete>,
    /// Names the session in RESUME.
    pub session_id: String,
    /// Where to resume over WebSocket.
    pub resume_gateway_url: String,
    /// Shard and number of shards.
    #[serde(default)]
    pub shard: Option<[u32; 2]>,
}

/// A whole guild.
#[derive(Clone, Debug, Deserialize)]
pub struct GuildCreate {
    /// Its settings.
    #[serde(flatten)]
    pub guild: Guild,
    /// Roles, @everyone among them.
    pub roles: Vec<Role>,
    /// All channels, also those that the user may not view.
    pub channels: Vec<Channel>,
    /// Members as far as the intents allow; at least the user itself.
    #[serde(default)]
    pub members: Vec<Member>,
    /// Presences of those members.
    #[serde(default)]
    pub presences: Vec<PresenceUpdate>,
    /// Members in total.
    pub member_count: u64,
    /// Whether `members` may lack somebody.
    #[serde(default)]
    pub large: bool,
    /// When the user joined.
    pub joined_at: Timestamp,
    /// `Some(false)` after READY, `None` when the user joined just now.
    #[serde(default)]
    pub unavailable: Option<bool>,
}

/// A guild's settings.
#[derive(Clone, Debug, Deserialize)]
pub struct GuildUpdate {
    /// The settings.
    #[serde(flatten)]
    pub guild: Guild,
    /// Roles, @everyone among them.
    pub roles: Vec<Role>,
}

/// A guild by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct GuildDelete {
    /// The guild.
    pub id: GuildId,
    /// Whether it is only out of reach for a while.
    #[serde(default)]
    pub unavailable: bool,
}

/// A role with its guild.
#[derive(Clone, Debug, Deserialize)]
pub struct GuildRole {
    /// The guild.
    pub guild_id: GuildId,
    /// The role.
    pub role: Role,
}

/// A role that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct GuildRoleDelete {
    /// The guild.
    pub guild_id: GuildId,
    /// The role.
    pub role_id: RoleId,
}

/// A member with its guild.
#[derive(Clone, Debug, Deserialize)]
pub struct GuildMember {
    /// The guild.
    pub guild_id: GuildId,
    /// The member.
    #[serde(flatten)]
    pub member: Member,
}

/// A member that left.
#[derive(Clone, Debug, Deserialize)]
pub struct GuildMemberRemove {
    /// The guild.
    pub guild_id: GuildId,
    /// Who it was.
    pub user: User,
}

/// Some of the members that were asked for.
#[derive(Clone, Debug, Deserialize)]
pub struct GuildMembersChunk {
    /// The guild.
    pub guild_id: GuildId,
    /// At most 1000.
    pub members: Vec<Member>,
    /// Place of this chunk, from 0.
    pub chunk_index: u32,
    /// How many chunks there are.
    pub chunk_count: u32,
    /// Named users who are not members.
    #[serde(default)]
    pub not_found: Vec<UserId>,
    /// Presences, if they were asked for.
    #[serde(default)]
    pub presences: Vec<PresenceUpdate>,
    /// What [`Client::request_members`](crate::Client::request_members) returned.
    #[serde(default)]
    pub nonce: Option<String>,
}

/// A message with its guild.
#[derive(Clone, Debug, Deserialize)]
pub struct GuildMessage {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// The guild.
    pub guild_id: GuildId,
    /// The author in the guild; `None` when it has left.
    #[serde(default)]
    pub member: Option<Profile>,
    /// Kind of the channel.
    pub channel_type: ChannelKind,
}

/// A message that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct MessageDelete {
    /// The message.
    pub id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Its guild.
    pub guild_id: GuildId,
}

/// Messages that are gone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MessageDeleteBulk {
    /// The messages.
    pub ids: Vec<MessageId>,
    /// Their channel.
    pub channel_id: ChannelId,
    /// Their guild.
    pub guild_id: GuildId,
}

/// A new reaction.
#[derive(Clone, Debug, Deserialize)]
pub struct MessageReactionAdd {
    /// Who reacted.
    pub user_id: UserId,
    /// The message.
    pub message_id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Its guild.
    pub guild_id: GuildId,
    /// With what.
    pub emoji: Emoji,
    /// Who reacted, as a member.
    #[serde(default)]
    pub member: Option<Member>,
    /// Who wrote the message.
    #[serde(default)]
    pub message_author_id: Option<UserId>,
}

/// A reaction that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MessageReactionRemove {
    /// Who had reacted.
    pub user_id: UserId,
    /// The message.
    pub message_id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Its guild.
    pub guild_id: GuildId,
    /// With what.
    pub emoji: Emoji,
}

/// A message without reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct MessageReactionRemoveAll {
    /// The message.
    pub message_id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Its guild.
    pub guild_id: GuildId,
}

/// A message without reactions of one emoji.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MessageReactionRemoveEmoji {
    /// The message.
    pub message_id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Its guild.
    pub guild_id: GuildId,
    /// Which.
    pub emoji: Emoji,
}

/// Somebody is typing.
#[derive(Clone, Debug, Deserialize)]
pub struct TypingStart {
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub channel_id: ChannelId,
    /// In which guild.
    pub guild_id: GuildId,
    /// When, in seconds since 1970.
    pub timestamp: u64,
    /// Who, as a member.
    #[serde(default)]
    pub member: Option<Member>,
}

/// A member's presence.
#[derive(Clone, Debug, Deserialize)]
pub struct PresenceUpdate {
    /// Whose.
    pub user: PresenceUser,
    /// In which guild.
    pub guild_id: GuildId,
    /// Status.
    pub status: Status,
    /// Activities as the member's client sent them.
    #[serde(default)]
    pub activities: Vec<Value>,
}

/// The user of a presence; only the id is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct PresenceUser {
    /// The user.
    pub id: UserId,
}

/// A request that came too soon.
#[derive(Clone, Debug, Deserialize)]
pub struct RateLimited {
    /// Opcode of the request.
    pub opcode: u8,
    /// Seconds to wait.
    pub retry_after: f64,
    /// Which request.
    #[serde(default)]
    pub meta: RateLimitedMeta,
}

/// Which request came too soon.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RateLimitedMeta {
    /// Its guild.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// Its nonce.
    #[serde(default)]
    pub nonce: Option<String>,
}

/// A digest for sessions without capability bits 11 and 14.
#[derive(Clone, Debug, Deserialize)]
pub struct ChannelUnreadUpdate {
    /// The guild.
    pub guild_id: GuildId,
    /// Channels with a new last message.
    pub channel_unread_updates: Vec<LastMessage>,
}

/// A digest for capability bit 11.
#[derive(Clone, Debug, Deserialize)]
pub struct PassiveUpdateV1 {
    /// The guild.
    pub guild_id: GuildId,
    /// Channels with a new last message.
    pub channels: Vec<LastMessage>,
}

/// A digest for capability bit 14.
#[derive(Clone, Debug, Deserialize)]
pub struct PassiveUpdateV2 {
    /// The guild.
    pub guild_id: GuildId,
    /// Channels with a new last message.
    pub updated_channels: Vec<LastMessage>,
}

/// An invite that was made, for who manages its channel.
#[derive(Clone, Debug, Deserialize)]
pub struct InviteCreate {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel.
    pub channel_id: ChannelId,
    /// Its name.
    pub code: InviteCode,
    /// Who made it, unless it was an operator.
    pub inviter: Option<User>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// Seconds that it lasts; 0 is for ever.
    pub max_age: u32,
    /// How often it can be used; 0 is any number.
    pub max_uses: u32,
    /// How often it was used.
    pub uses: u32,
}

/// An invite that is gone, for who manages its channel.
#[derive(Clone, Debug, Deserialize)]
pub struct InviteDelete {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel.
    pub channel_id: ChannelId,
    /// Its name.
    pub code: InviteCode,
}

/// A change of a guild's member list, for sessions that watch a part of it.
#[derive(Clone, Debug, Deserialize)]
pub struct GuildMemberListUpdate {
    /// The guild.
    pub guild_id: GuildId,
    /// The list: `everyone`, or a hash of who may view its channels.
    pub id: String,
    /// Members of the guild.
    pub member_count: u64,
    /// Members that are online.
    pub online_count: u64,
    /// Groups that are not empty, in order.
    pub groups: Vec<MemberGroup>,
    /// What changed, in order, as the protocol has it.
    pub ops: Vec<Value>,
}

/// A group of a member list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MemberGroup {
    /// A role's id, `online` or `offline`.
    pub id: String,
    /// Members in it.
    pub count: u64,
}

/// A channel's newest message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct LastMessage {
    /// The channel.
    pub id: ChannelId,
    /// The message.
    pub last_message_id: MessageId,
}
