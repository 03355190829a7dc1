//! The seam for whoever runs the gateway: accounts and their tokens, who is connected, and what
//! guilds cost.
//!
//! What takes rights away takes effect at once: when a call answers, the links of those it concerns
//! are being closed with 4004, none of their sessions can be resumed, and nobody remembers their
//! tokens. Such a call goes on when nobody waits for its answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Serialize;
use throng_proto::gateway::{Connection, Shard};
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::Status;
use throng_proto::record::{Account, TokenRecord};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;
use throng_proto::token::TokenId;

use crate::link::BoxFuture;
use crate::store::GuildSize;

/// Answer of the registry.
pub type Asked<T> = BoxFuture<'static, Result<T, Refusal>>;

/// What operators ask and change. Implemented by the shell.
pub trait Registry: Send + Sync + 'static {
    /// Reads an account; `None` when there is none, or no more.
    fn account(&self, user: UserId) -> Asked<Option<Account>>;

    /// Reads at most `limit` accounts with greater ids, in order of their ids.
    fn accounts(&self, after: UserId, limit: usize) -> Asked<Vec<Account>>;

    /// Makes an account with a new token, which is shown only now.
    fn open_account(&self, draft: AccountDraft) -> Asked<(Account, String)>;

    /// Changes an account. Who is disabled is turned out, and let in again when enabled.
    fn change_account(&self, user: UserId, change: AccountChange) -> Asked<Account>;

    /// Deletes an account for good: its tokens and its name go, its messages stay. It should be in
    /// no guild any more.
    fn delete_account(&self, user: UserId) -> Asked<()>;

    /// Reads the tokens of an account, the newest last. Signed tokens (JWT) are not among them.
    fn tokens_of(&self, user: UserId) -> Asked<Vec<TokenRecord>>;

    /// Makes one more token, which is shown only now.
    fn add_token(&self, user: UserId) -> Asked<(TokenRecord, String)>;

    /// Takes one token away, and ends the sessions that it let in.
    fn revoke_token(&self, user: UserId, token: TokenId) -> Asked<()>;

    /// Takes all tokens away, signed ones that were issued until now among them, and ends all
    /// sessions of the user. Returns how many tokens there were.
    fn revoke_tokens(&self, user: UserId) -> Asked<usize>;

    /// As [`Registry::revoke_tokens`], with a new token in their place.
    fn rotate_tokens(&self, user: UserId) -> Asked<(TokenRecord, String)>;

    /// Lists sessions in order of their ids.
    fn sessions(&self, wanted: SessionsWanted) -> BoxFuture<'static, Vec<SessionStatus>>;

    /// Tells of one session by the first digits of its id, with how much it gets of its first
    /// guilds and what the policy says to that now.
    fn session(&self, digits: u64) -> BoxFuture<'static, Option<SessionDetail>>;

    /// Ends sessions, and returns how many there were. Their clients may come back with their
    /// tokens.
    fn end_sessions(&self, which: SessionsEnded) -> BoxFuture<'static, usize>;

    /// Says what guilds with greater ids cost, at most `limit`, in order of their ids.
    fn guild_loads(&self, after: GuildId, limit: usize) -> BoxFuture<'static, Vec<GuildLoad>>;
}

/// An account to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDraft {
    /// Unique name, 1 to 32 characters.
    pub username: String,
    /// Tells whether a program uses it.
    pub bot: bool,
    /// Who owns the bot.
    pub owner: Option<UserId>,
}

/// What of an account to change; `None` leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Lets nobody in with it any more.
    pub disabled: Option<bool>,
    /// Another owner, or none.
    pub owner: Option<Option<UserId>>,
}

/// Which sessions to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionsWanted {
    /// Only those of a user.
    pub user: Option<UserId>,
    /// Only those with greater ids.
    pub after: u64,
    /// How many at most.
    pub limit: usize,
}

/// Which sessions to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionsEnded {
    /// All of a user.
    Of(UserId),
    /// The one with the id.
    One(u64),
}

/// A session as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionStatus {
    /// First 16 digits of its id: enough to name it, and too little to resume it.
    #[serde(serialize_with = "digits")]
    pub id: u64,
    /// Whose.
    pub user_id: UserId,
    /// When it began, across restarts.
    pub began_at: Timestamp,
    /// Tells whether it has a link; else it waits to be resumed.
    pub connected: bool,
    /// Milliseconds for which it has waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_ms: Option<u64>,
    /// Address of the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<SocketAddr>,
    /// `websocket` or `quic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<&'static str>,
    /// What its client says of itself.
    pub client: Connection,
    /// Bits of its intents.
    pub intents: u32,
    /// Its shard, if it said one.
    pub shard: Option<Shard>,
    /// Number of its guilds.
    pub guilds: usize,
    /// Of how many of them it gets how much.
    pub modes: BTreeMap<&'static str, usize>,
    /// Number of its last dispatch.
    pub sequence: u32,
    /// Tells whether its link does not keep up.
    pub behind: bool,
    /// Bytes written to its link.
    pub bytes_sent: u64,
    /// Bytes read from its link.
    pub bytes_received: u64,
    /// Which token let it in, where that is known.
    pub token_id: Option<TokenId>,
    /// When that token ends, and the session with it.
    pub expires_at: Option<Timestamp>,
}

/// A session with its guilds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionDetail {
    /// What a list says of it.
    #[serde(flatten)]
    pub session: SessionStatus,
    /// Status that its client shows.
    pub status: Status,
    /// Away from keyboard, as its client says.
    pub afk: bool,
    /// Version of the policy that was asked for the verdicts.
    pub policy_version: String,
    /// How much it gets of its first guilds, and why.
    pub attachments: Vec<AttachmentStatus>,
}

/// How much a session gets of one guild, and what the policy says to that now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AttachmentStatus {
    /// Which.
    pub guild_id: GuildId,
    /// How much it gets: `active`, `conflated`, `passive` or `muted`.
    pub mode: &'static str,
    /// What the policy answers when it is asked now. Where it is something else, the link was
    /// behind, or the policy was not asked since something has changed.
    pub verdict: &'static str,
    /// Milliseconds after which the policy wants to be asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recheck_ms: Option<u64>,
    /// Tells whether its client looks at the guild (op 14 or 37).
    pub subscribed: bool,
    /// Sessions in the guild, as the policy knows it.
    pub sessions: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn digits<S: serde::Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{id:016x}"))
}

/// What a guild costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuildLoad {
    /// Guild.
    pub guild: GuildId,
    /// Sessions in it.
    pub attachments: usize,
    /// Relays that serve them.
    pub relays: usize,
    /// What its messages take; unknown while the store cannot be read.
    pub size: Option<GuildSize>,
}
