//! Bodies of the admin API.

use serde_json::Value;
use utoipa::ToSchema;

/// An account as operators see it.
#[derive(Debug, ToSchema)]
pub struct AdminUser {
    /// Snowflake.
    pub id: String,
    /// Unique name.
    pub username: String,
    /// Display name.
    pub global_name: Option<String>,
    /// Tells whether a program uses the account.
    pub bot: bool,
    /// Tells whether nothing lets in with it.
    pub disabled: bool,
    /// Who owns the bot; null for itself.
    pub owner_id: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Signed tokens (JWT) that were issued before are void.
    pub tokens_since: Option<String>,
    /// Ids of its guilds, when one account is shown.
    pub guilds: Option<Vec<String>>,
}

/// A page of accounts.
#[derive(Debug, ToSchema)]
pub struct AdminUsers {
    /// In order of their ids.
    pub users: Vec<AdminUser>,
}

/// An account to make.
#[derive(Debug, ToSchema)]
pub struct AdminUserDraft {
    /// Unique name, 1 to 32 characters.
    pub username: String,
    /// Tells whether a program uses the account.
    pub bot: Option<bool>,
    /// Who owns the bot.
    pub owner_id: Option<String>,
}

/// An account that was made, with its token, which is shown only now.
#[derive(Debug, ToSchema)]
pub struct AdminUserMade {
    /// Snowflake.
    pub id: String,
    /// Unique name.
    pub username: String,
    /// Tells whether a program uses the account.
    pub bot: bool,
    /// Who owns the bot.
    pub owner_id: Option<String>,
    /// Secret.
    pub token: String,
}

/// What of an account to change; absent keys stay.
#[derive(Debug, ToSchema)]
pub struct AdminUserPatch {
    /// Lets nobody in with it any more.
    pub disabled: Option<bool>,
    /// Another owner of the bot; null for itself.
    pub owner_id: Option<String>,
}

/// A token.
#[derive(Debug, ToSchema)]
pub struct AdminToken {
    /// 16 hexadecimal digits, no secret.
    pub id: String,
    /// When it was made, where that is known.
    pub made_at: Option<String>,
    /// Secret, when it was made just now.
    pub token: Option<String>,
}

/// The tokens of an account.
#[derive(Debug, ToSchema)]
pub struct AdminTokens {
    /// The newest last.
    pub tokens: Vec<AdminToken>,
}

/// How many tokens were taken away.
#[derive(Debug, ToSchema)]
pub struct AdminRevoked {
    /// Count.
    pub revoked: usize,
}

/// A session.
#[derive(Debug, ToSchema)]
pub struct AdminSession {
    /// First 16 digits of its id.
    pub id: String,
    /// Whose.
    pub user_id: String,
    /// When it began.
    pub began_at: String,
    /// Tells whether it has a link; else it waits to be resumed.
    pub connected: bool,
    /// Milliseconds for which it has waited.
    pub waiting_ms: Option<u64>,
    /// Address of the other side.
    pub address: Option<String>,
    /// `websocket` or `quic`.
    pub transport: Option<String>,
    /// What its client says of itself: `os`, `browser`, `device`, `region`.
    pub client: Value,
    /// Bits of its intents.
    pub intents: u32,
    /// Its shard.
    pub shard: Option<Value>,
    /// Number of its guilds.
    pub guilds: usize,
    /// Of how many of them it gets how much: `active`, `conflated`, `passive`, `muted`.
    pub modes: Value,
    /// Number of its last dispatch.
    pub sequence: u32,
    /// Tells whether its link does not keep up.
    pub behind: bool,
    /// Bytes written to its link.
    pub bytes_sent: u64,
    /// Bytes read from its link.
    pub bytes_received: u64,
    /// Which token let it in.
    pub token_id: Option<String>,
    /// When that token ends, and the session with it.
    pub expires_at: Option<String>,
}

/// A session with its guilds; the keys of [`AdminSession`] besides these.
#[derive(Debug, ToSchema)]
pub struct AdminSessionDetail {
    /// First 16 digits of its id.
    pub id: String,
    /// Status that its client shows.
    pub status: String,
    /// Away from keyboard, as its client says.
    pub afk: bool,
    /// Version of the policy that was asked.
    pub policy_version: String,
    /// `guild_id`, `mode`, the policy's `verdict` now, `recheck_ms`, `subscribed`, and `sessions`
    /// in the guild.
    pub attachments: Vec<Value>,
}

/// A page of sessions.
#[derive(Debug, ToSchema)]
pub struct AdminSessions {
    /// In order of their ids.
    pub sessions: Vec<AdminSession>,
}

/// How many sessions were ended.
#[derive(Debug, ToSchema)]
pub struct AdminEnded {
    /// Count.
    pub ended: usize,
}

/// A guild to make.
#[derive(Debug, ToSchema)]
pub struct AdminGuildDraft {
    /// 2 to 100 characters.
    pub name: String,
    /// Owner, who becomes a member.
    pub owner_id: String,
    /// At most 300 characters.
    pub description: Option<String>,
    /// `name`, `permissions`, `color`, `hoist`, `mentionable`; at most 250, @everyone among them.
    pub roles: Option<Vec<Value>>,
    /// `name`, `type`, `topic`, `permission_overwrites`; at most 500; one called general when
    /// absent.
    pub channels: Option<Vec<Value>>,
    /// `user_id`, `roles` by name or id, `nick`.
    pub members: Option<Vec<Value>>,
}

/// A guild and what it costs.
#[derive(Debug, ToSchema)]
pub struct AdminGuild {
    /// Snowflake.
    pub id: String,
    /// Name.
    pub name: String,
    /// Owner.
    pub owner_id: String,
    /// Members.
    pub members: u64,
    /// Members who are online.
    pub online: u64,
    /// Sessions in it.
    pub attachments: usize,
    /// Relays that serve them.
    pub relays: usize,
    /// Messages; absent while the store cannot be read.
    pub messages: Option<u64>,
    /// Bytes of their rows, without reactions and indexes.
    pub message_bytes: Option<u64>,
}

/// A page of guilds.
#[derive(Debug, ToSchema)]
pub struct AdminGuilds {
    /// In order of their ids.
    pub guilds: Vec<AdminGuild>,
}
