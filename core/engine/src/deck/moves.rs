//! Attachments that move between relays of this worker, in slices beside everything else.
//!
//! A slice is one call, and so is an event; an event finds each attachment on one relay, before the
//! slice or after it.

use throng_proto::time::Timestamp;

use super::{Deck, Line, Sessions};
use crate::branch::Guide;
use crate::planted::{self, Planted};
use crate::policy::{GuildFacts, Placement, Policy, RelayFacts, SessionFacts};
use crate::replay::Slot;

impl<L: Line> Deck<L> {
    /// Tells whether attachments are to move.
    #[must_use]
    pub fn has_moves(&self) -> bool {
        !self.moves.is_empty()
    }

    /// Moves the next few attachments. `false` when everybody is where the plan says.
    pub fn move_slice(&mut self) -> bool {
        let Some(guild) = self.moves.first().copied() else { return false };
        let Self { sessions, guilds, policy, moves, now, config, .. } = self;
        let Some(relays) = guilds.get_mut(&guild) else {
            moves.remove(&guild);
            return true;
        };
        let facts = relays.facts;
        let guide = Asking { sessions: &*sessions, policy: &**policy, now: now.wall, facts };
        let moved = relays.branch.advance(config.move_slice, &guide);
        for (slot, number) in moved {
            let session = sessions.get_mut(slot);
            let membership = session.and_then(|session| session.membership_mut(guild));
            let membership = membership.filter(|_| !planted::has(Planted::MoveForgets));
            membership.into_iter().for_each(|membership| membership.grant(number));
        }
        if !relays.branch.look() {
            moves.remove(&guild);
        }
        true
    }
}

/// Asks the policy where sessions go.
struct Asking<'a, L> {
    sessions: &'a Sessions<L>,
    policy: &'a dyn Policy,
    now: Timestamp,
    facts: GuildFacts,
}

impl<L> Guide for Asking<'_, L> {
    fn facts(&self, slot: Slot) -> Option<SessionFacts> {
        self.sessions.get(slot).map(|session| session.identity.facts())
    }

    fn place(&self, session: &SessionFacts, open: &[RelayFacts]) -> Placement {
        self.policy.relay(self.now, session, &self.facts, open)
    }
}
