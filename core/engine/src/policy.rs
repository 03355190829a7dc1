//! The seam to policies: facts go in, verdicts come out, and nothing else happens.
//!
//! The shell asks a policy when something changes and feeds the verdict into the machines as an
//! input. No policy runs on the delivery path. [`Native`] is the default; scripts answer the same
//! hooks.

mod facts;
mod native;
mod verdict;

use std::fmt;

use throng_proto::time::Timestamp;

use crate::mode::DeliveryTable;

pub use facts::{
    Act, AttachmentFacts, GuildFacts, LagFacts, NodeFacts, PublishFacts, RelayFacts, SessionFacts,
};
pub use native::Native;
pub use verdict::{
    Connect, Lag, Passivity, Placement, Publish, RELAY_COUNT_MAX, Relief, ShardKey, Shed, Split,
};

/// Capability bit of clients that take PASSIVE_UPDATE_V1.
pub const PASSIVE_V1: u64 = 1 << 11;
/// Capability bit of clients that take PASSIVE_UPDATE_V2.
pub const PASSIVE_V2: u64 = 1 << 14;

/// Decides who gets what. Pure, given `now`: equal facts at equal times give equal verdicts.
///
/// Every method may be called from any thread, many at once, and must not block.
pub trait Policy: Send + Sync + fmt::Debug {
    /// Decides at IDENTIFY whether a session may begin.
    fn connect(&self, now: Timestamp, session: &SessionFacts) -> Connect;

    /// Decides how much an attachment receives. Asked when a session attaches, focuses a guild,
    /// goes away or comes back, when the guild's size or the policy changes, and when the verdict
    /// before asked for it.
    fn passivity(
        &self,
        now: Timestamp,
        session: &SessionFacts,
        guild: &GuildFacts,
        attachment: &AttachmentFacts<'_>,
    ) -> Passivity;

    /// Decides what each mode gets of each event class.
    fn delivery(&self, now: Timestamp, guild: &GuildFacts) -> DeliveryTable;

    /// Decides how a guild is split over relays.
    fn relays(&self, now: Timestamp, guild: &GuildFacts) -> Split;

    /// Decides where an attachment goes; `relays` have room, its shard key, and are on the
    /// session's worker.
    fn relay(
        &self,
        now: Timestamp,
        session: &SessionFacts,
        guild: &GuildFacts,
        relays: &[RelayFacts],
    ) -> Placement;

    /// Decides whether an author may do something, before the guild checks permissions.
    fn publish(&self, now: Timestamp, event: &PublishFacts) -> Publish;

    /// Decides what happens to a session whose link is over its bound.
    fn lag(&self, now: Timestamp, session: &SessionFacts, lag: &LagFacts) -> Lag;

    /// Decides what a node under pressure does without. Asked when its band of pressure changes.
    fn overload(&self, now: Timestamp, node: &NodeFacts) -> Shed;
}
