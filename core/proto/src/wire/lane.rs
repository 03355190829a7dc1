//! Dispatches on their way to one link, and which of them must keep their order.

use super::Body;
use crate::id::GuildId;

/// Which dispatches must keep their order among each other.
///
/// A transport with one stream keeps the order of all; one with many keeps the order within a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The session's own: READY, RESUMED and the like.
    Session,
    /// Events of one guild.
    Guild(GuildId),
    /// Events of one guild that are soon outdated: typing and presences. A transport that can may
    /// let them overtake others, and lose them rather than be late.
    Ephemeral(GuildId),
}

/// One dispatch for one session.
#[derive(Clone, Copy, Debug)]
pub struct Dispatch<'a> {
    /// The session's sequence of it.
    pub sequence: u32,
    /// What it must keep in order with.
    pub lane: Lane,
    /// What everybody shares.
    pub body: &'a Body,
}
