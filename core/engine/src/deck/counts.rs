//! What a deck has done, for metrics: plain numbers that only grow, and how things are.

use throng_proto::event::EventKind;

use crate::mode::Mode;

/// Kinds of events.
const KINDS: usize = EventKind::ALL.len();

/// What was done since the deck began.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Events that were looked at, once for each relay, by kind.
    pub events: [u64; KINDS],
    /// Dispatches that were appended, once for each recipient, by kind.
    pub deliveries: [u64; KINDS],
    /// Passes over sessions.
    pub passes: u64,
    /// Calls of links.
    pub writes: u64,
    /// Frames that links took.
    pub frames: u64,
    /// Sessions that began.
    pub identifies: u64,
    /// Sessions that went on with another link.
    pub resumes: u64,
    /// Links that are behind now.
    pub lagging: u64,
    /// Relays that started.
    pub relays_started: u64,
    /// Relays that ended.
    pub relays_ended: u64,
    /// Attachments that moved.
    pub relay_moves: u64,
    /// Attachments that are still to move.
    pub relay_leaving: u64,
    /// Guilds that give digests to everybody now.
    pub degraded: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            events: [0; KINDS],
            deliveries: [0; KINDS],
            passes: 0,
            writes: 0,
            frames: 0,
            identifies: 0,
            resumes: 0,
            lagging: 0,
            relays_started: 0,
            relays_ended: 0,
            relay_moves: 0,
            relay_leaving: 0,
            degraded: 0,
        }
    }
}

/// How things are; computing it costs a look per relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Relays.
    pub relays: u64,
    /// Members that relays hold.
    pub members: u64,
    /// Attachments by mode, as [`Mode::ALL`] lists them.
    pub modes: [u64; Mode::ALL.len()],
}

impl<L: super::Line> super::Deck<L> {
    /// Returns what was done since the deck began.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Looks at all relays.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let mut gauges = Gauges::default();
        for relay in self.guilds.values().flat_map(super::GuildRelays::iter) {
            gauges.relays += 1;
            gauges.members += relay.member_count() as u64;
            for (sum, count) in gauges.modes.iter_mut().zip(relay.modes()) {
                *sum += count;
            }
        }
        gauges
    }
}
