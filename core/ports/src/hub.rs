//! The seam between the HTTP API and the gateway: who asks, what of, and what comes back.

use std::sync::Arc;
use std::time::Duration;

use throng_proto::command::{Actor, Command, Outcome};
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Channel, Emoji, Guild, InviteCode, Member, Message, Role, User};
use throng_proto::record::Page;
use throng_proto::refusal::Refusal;
use throng_proto::token::Token;

pub use crate::catalog::Catalogs;
pub use crate::job::{JobKind, JobState, JobStatus, MemberLines};
use crate::link::BoxFuture;
use crate::policy::{PolicyFault, PolicyStatus, ReviewStatus};
pub use crate::registry::Registry;
pub use crate::toll::Toll;

/// Everything that an API asks of the gateway, by whom it serves. Whatever has all of it is a hub;
/// implemented by the shell.
pub trait Hub: Callers + Guilds + Reads + Provisions + Operations + Registry + Catalogs {}

impl<T: Callers + Guilds + Reads + Provisions + Operations + Registry + Catalogs> Hub for T {}

/// What a listener asks about who asks it.
pub trait Callers: Send + Sync + 'static {
    /// Finds out whose a token is: a stored token or a JWT. `None` when nobody's.
    fn authenticate(&self, token: Token) -> BoxFuture<'static, Result<Option<User>, Refusal>>;

    /// Tells whether a user has something left of what its requests may cost; whoever has no
    /// budgets says yes.
    ///
    /// # Errors
    ///
    /// The time after which to come back.
    fn afford(&self, _user: UserId, _toll: Toll) -> Result<(), Duration> {
        Ok(())
    }

    /// Counts what a request of a user has cost.
    fn charge(&self, _user: UserId, _toll: Toll, _cost: u64) {}

    /// Returns what the deployment says of itself.
    fn facts(&self) -> Arc<Facts>;
}

/// What users do in guilds.
pub trait Guilds: Send + Sync + 'static {
    /// Runs a command in a guild. The guild checks the actor's permissions. Who joins by one must
    /// be within its bound on guilds.
    ///
    /// The place among other commands is that of the call, not that of the first poll, except when
    /// somebody joins by it.
    fn command(
        &self,
        guild: GuildId,
        actor: Actor,
        command: Command,
    ) -> BoxFuture<'static, Outcome>;

    /// Finds the guild of a channel, in memory.
    fn guild_of(&self, channel: ChannelId) -> Option<GuildId>;

    /// Finds the guild of an invite, in memory.
    fn guild_of_invite(&self, code: &InviteCode) -> Option<GuildId>;

    /// Makes a code for an invite, which nobody can guess.
    fn invite_code(&self) -> InviteCode;

    /// As [`Provisions::create_guild`] for a user, within the bounds on how many guilds one may be
    /// in and make.
    fn found_guild(
        &self,
        founder: User,
        draft: GuildDraft,
    ) -> BoxFuture<'static, Result<(), Refusal>>;

    /// Makes a snowflake.
    fn next_id(&self) -> u64;
}

/// What users are shown of what is kept.
pub trait Reads: Send + Sync + 'static {
    /// Reads a user.
    fn user(&self, user: UserId) -> BoxFuture<'static, Result<Option<User>, Refusal>>;

    /// Reads the guilds that a user is in, in order of their ids.
    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Result<Vec<GuildId>, Refusal>>;

    /// Reads a message; permission is the caller's to ask for with [`Command::Access`].
    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Result<Option<Message>, Refusal>>;

    /// Reads part of a channel's history, newest first; permission as with [`Reads::message`].
    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Result<Vec<Message>, Refusal>>;

    /// Reads who reacted with an emoji.
    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<User>, Refusal>>;
}

/// What operators bring in and take out.
pub trait Provisions: Send + Sync + 'static {
    /// Reads a user by exact name.
    fn user_named(&self, name: String) -> BoxFuture<'static, Result<Option<User>, Refusal>>;

    /// Makes a user with a new token, which is shown only now.
    fn create_user(
        &self,
        username: String,
        bot: bool,
    ) -> BoxFuture<'static, Result<(User, String), Refusal>>;

    /// Makes many human users in one commit, without tokens; nobody, when a name is taken.
    fn create_users(&self, names: Vec<String>) -> BoxFuture<'static, Result<Vec<User>, Refusal>>;

    /// Makes a guild, whatever the bounds of its members are. Roles, channels and members come with
    /// ids from [`Guilds::next_id`]; the owner is added as a member and the @everyone role is made
    /// when they are missing.
    fn create_guild(&self, draft: GuildDraft) -> BoxFuture<'static, Result<(), Refusal>>;

    /// Adds many members at once, in one commit; those already there keep what they have.
    fn import_members(
        &self,
        guild: GuildId,
        members: Vec<Member>,
    ) -> BoxFuture<'static, Result<usize, Refusal>>;

    /// Begins to export the members of a guild as they are now: a job that writes as fast as it is
    /// read.
    fn export_members(&self, guild: GuildId) -> BoxFuture<'static, Result<MemberLines, Refusal>>;
}

/// What operators ask of the node itself.
pub trait Operations: Send + Sync + 'static {
    /// Returns the jobs that run or wait, and the last ones that are over, the oldest first.
    fn jobs(&self) -> Vec<JobStatus>;

    /// Cancels a job; `false` when there is none that is not over.
    fn cancel_job(&self, job: u64) -> bool;

    /// Hands a guild to another owner while it runs. A future that is dropped before its end leaves
    /// everything as it was.
    fn hand_off(&self, guild: GuildId) -> BoxFuture<'static, Result<HandedOff, Refusal>>;

    /// Begins to drain: no new links, sessions move away, then the process ends.
    fn drain(&self);

    /// Returns how the node is.
    fn health(&self) -> Health;

    /// Writes all metrics in Prometheus' text format.
    fn metrics(&self) -> String;

    /// Returns which policy runs, how its last load went, and how far it has been applied.
    fn policy(&self) -> (PolicyStatus, ReviewStatus);

    /// Loads the policy again; when it is good, every attachment is asked anew beside the traffic.
    fn reload_policy(&self) -> BoxFuture<'static, Result<PolicyStatus, PolicyFault>>;

    /// Asks about every attachment anew when the policy in force is another one than before, which
    /// may happen without anybody having loaded it.
    fn follow_policy(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A guild to make.
#[derive(Clone, Debug)]
pub struct GuildDraft {
    /// Settings.
    pub guild: Guild,
    /// Roles.
    pub roles: Vec<Role>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Members.
    pub members: Vec<Member>,
}

/// How a guild came to another owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandedOff {
    /// How long the guild took no requests.
    pub pause: Duration,
    /// How long everything took.
    pub took: Duration,
    /// Members that the next owner has.
    pub members: usize,
    /// Changes of members meanwhile.
    pub changes: usize,
    /// Requests that waited and went along.
    pub queued: usize,
}

/// What does not change while the process runs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Address of the gateway: `ws://host:port`, without path, query or slash.
    pub gateway_url: String,
    /// Shards that `/gateway/bot` recommends.
    pub shards: u32,
    /// Identifies per day and user that `/gateway/bot` tells.
    pub identifies_total: u32,
    /// Identifies that may run at the same time.
    pub max_concurrency: u32,
}

/// How the node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Serving.
    Ready,
    /// Loading, before any link is taken.
    Starting,
    /// Moving its sessions away.
    Draining,
    /// Serving, but something is wrong; the text says what.
    Degraded(String),
    /// Of no use until what the text says is mended; no clients should be sent here.
    Failing(String),
}
