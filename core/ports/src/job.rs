//! Walks over all members of a guild, as they are watched and cancelled.

use std::fmt;
use std::io;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde::Serialize;
use strum::{EnumCount, IntoStaticStr, VariantArray};
use throng_proto::id::GuildId;
use throng_proto::variants::every;

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum JobKind {
    /// Sends the whole list of members to a session.
    Chunks,
    /// Writes all members to whoever reads them.
    Export,
    /// Finds who had a role that was deleted.
    RoleHolders,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; Self::COUNT] = every();

    /// Returns its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum JobState {
    /// Waits for its turn.
    Queued,
    /// Runs.
    Running,
    /// Did everything.
    Done,
    /// Was cancelled.
    Cancelled,
    /// Ended early, because whoever it was for is gone.
    Gone,
    /// Ended early by a mistake of the gateway.
    Failed,
}

impl JobState {
    /// Returns its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobStatus {
    /// Its number.
    pub id: u64,
    /// What it is for.
    pub kind: JobKind,
    /// The guild whose members it walks over.
    pub guild: GuildId,
    /// How far it has come.
    pub state: JobState,
    /// Members it has walked over.
    pub done: u64,
    /// Members there were when it began.
    pub total: u64,
    /// Milliseconds since it was asked for, until it was over.
    pub millis: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An export under way.
pub struct MemberLines {
    /// Number of the job that writes it.
    pub job: u64,
    /// Whole lines of JSON, each a member. An error says that the export is not whole.
    pub lines: BoxStream<'static, io::Result<Bytes>>,
}

impl fmt::Debug for MemberLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberLines").field("job", &self.job).finish_non_exhaustive()
    }
}
