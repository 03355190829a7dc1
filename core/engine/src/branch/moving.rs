//! Attachments that move from one relay to another.

use throng_proto::id::UserId;

use super::Branch;
use crate::policy::{Placement, RelayFacts, SessionFacts};
use crate::replay::Slot;

/// What moving must know of sessions and of the policy.
pub trait Guide {
    /// Returns what is known of a session.
    fn facts(&self, slot: Slot) -> Option<SessionFacts>;

    /// Chooses one of the relays that have room.
    fn place(&self, session: &SessionFacts, open: &[RelayFacts]) -> Placement;
}

/// Where the last one went: others of the same user and shard go there too, so that their member is
/// held once.
#[derive(Debug)]
struct Company {
    user: UserId,
    shard: Box<str>,
    relay: u32,
}

impl Branch {
    /// Moves up to `max` attachments, and returns each with the relay that has it now.
    ///
    /// Costs O(moved), plus a look at each relay for every member that moves.
    pub fn advance(&mut self, max: usize, guide: &impl Guide) -> Vec<(Slot, u32)> {
        let mut moved = Vec::with_capacity(max);
        while moved.len() < max {
            let source = self.relays.iter().find(|(_, stand)| stand.leaving > 0);
            let Some((from, stand)) = source else { break };
            let (from, count) = (*from, stand.leaving.min(max - moved.len()));
            let slots = stand.relay.newest(count);
            let mut company = None;
            for slot in &slots {
                if let Some(to) = self.move_one(from, *slot, guide, &mut company) {
                    moved.push((*slot, to));
                }
            }
            if let Some(stand) = self.relays.get_mut(&from) {
                let short = slots.len() < count;
                stand.leaving = if short { 0 } else { stand.leaving - slots.len() };
            }
            self.end_if_empty(from);
        }
        self.tally.moved += moved.len() as u64;
        moved
    }

    fn move_one(
        &mut self,
        from: u32,
        slot: Slot,
        guide: &impl Guide,
        company: &mut Option<Company>,
    ) -> Option<u32> {
        let facts = guide.facts(slot)?;
        let shard = self.plan.key.of(&facts);
        let together = company.as_ref().filter(|last| last.is_of(&facts, shard));
        let to = match together.filter(|last| self.has_room(last.relay)) {
            Some(last) => last.relay,
            None => self.destination(shard, &facts, guide),
        };
        *company = Some(Company { user: facts.user, shard: shard.into(), relay: to });
        if to == from {
            return None;
        }
        let moving = self.get_mut(from)?.take(slot)?;
        self.get_mut(to)?.put(slot, moving);
        Some(to)
    }

    /// Chooses where a session goes. A verdict for a new relay counts only when none has room: else
    /// moving would never end.
    fn destination(&mut self, shard: &str, facts: &SessionFacts, guide: &impl Guide) -> u32 {
        let open = self.candidates(shard);
        let Some(first) = open.first() else { return self.start(shard) };
        match guide.place(facts, &open) {
            Placement::Relay(number) if open.iter().any(|relay| relay.relay == number) => number,
            Placement::Relay(_) | Placement::New => first.relay,
        }
    }
}

impl Company {
    fn is_of(&self, facts: &SessionFacts, shard: &str) -> bool {
        self.user == facts.user && *self.shard == *shard
    }
}
