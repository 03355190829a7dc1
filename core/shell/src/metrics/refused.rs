//! Why something was refused or ended.

use strum::{EnumCount, IntoStaticStr, VariantArray};

/// Why something was refused or ended; the name of a limit where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumCount, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Refused {
    #[strum(serialize = "connections_max")]
    Connections,
    BadToken,
    #[strum(serialize = "identifies_per_5s")]
    IdentifyRate,
    #[strum(serialize = "payloads_max")]
    PayloadRate,
    #[strum(serialize = "payload_bytes_max")]
    PayloadSize,
    Decode,
    #[strum(serialize = "heartbeat_timeout")]
    Timeout,
    SessionsPerUser,
    GuildsPerShard,
    GuildsPerUser,
    #[strum(serialize = "guilds_made_per_hour")]
    GuildsMade,
    Intents,
    Shard,
    Version,
    Policy,
    InvalidResume,
    Lag,
    #[strum(serialize = "member_lists_per_30s")]
    MemberLists,
    #[strum(serialize = "store")]
    StoreFailed,
    #[strum(serialize = "event_bytes_max")]
    EventBytes,
    GuildQueue,
    Journal,
    Overload,
    RequestsPerLink,
    ListRange,
    RangesPerChannel,
    ListChannels,
    #[strum(serialize = "jobs_queue_max")]
    Jobs,
    #[strum(serialize = "relay_count_max")]
    RelayCount,
    #[strum(serialize = "handoff_queue")]
    HandOff,
    #[strum(serialize = "overload_member_lists")]
    OverloadMembers,
    OverloadBulk,
    #[strum(serialize = "overload_identifies")]
    OverloadIdentify,
    #[strum(serialize = "budgets_written")]
    Written,
    #[strum(serialize = "budgets_read")]
    Read,
    #[strum(serialize = "budgets_delivered")]
    Delivered,
    #[strum(serialize = "budgets_guilds_told")]
    GuildsTold,
    #[strum(serialize = "budgets_guilds_entered")]
    GuildsEntered,
    #[strum(serialize = "budgets_guilds_at_once")]
    GuildsAtOnce,
    #[strum(serialize = "budgets_members_sought")]
    MembersSought,
    #[strum(serialize = "budgets_resumes")]
    Resumes,
    AnswerBytes,
    #[strum(serialize = "answer_secs")]
    AnswerTime,
    #[strum(serialize = "presence_bytes_max")]
    Activities,
    #[strum(serialize = "handshake_evicted")]
    Handshake,
    #[strum(serialize = "handshakes_refused")]
    BadHandshake,
    #[strum(serialize = "http_connections_max")]
    HttpConnections,
    #[strum(serialize = "http_evicted")]
    HttpIdle,
    #[strum(serialize = "connections_per_address")]
    Address,
    #[strum(serialize = "connections_per_sec")]
    ConnectionRate,
    #[strum(serialize = "http_answer_bytes_max")]
    HttpAnswerBytes,
    #[strum(serialize = "http_write_timeout")]
    HttpWriteTime,
    TurnedOut,
    TokenExpired,
}

impl Refused {
    /// Every reason.
    pub(super) const ALL: &'static [Self] = Self::VARIANTS;

    /// Returns its name in metrics and in the log.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}
