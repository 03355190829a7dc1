//! Attachments that move between relays of this worker, in slices beside everything else.
//!
//! A slice is one borrow of the worker, and so is an event; an event finds each attachment on one
//! relay, before the slice or after it.

use std::collections::BTreeSet;
use std::rc::Rc;

use throng_engine::branch::Guide;
use throng_engine::policy::{GuildFacts, Placement, Policy, RelayFacts, SessionFacts};
use throng_engine::replay::Slot;
use throng_proto::id::GuildId;
use throng_proto::time::Timestamp;
use tokio::sync::Notify;

use super::turns::slices;
use super::{Local, Sessions, Worker};
use crate::clock;

/// Guilds whose relays are not as planned.
#[derive(Debug, Default)]
pub(super) struct Moves {
    todo: BTreeSet<GuildId>,
    work: Rc<Notify>,
}

impl Moves {
    /// Lets a guild's attachments move.
    pub(super) fn begin(&mut self, guild: GuildId) {
        if self.todo.insert(guild) {
            self.work.notify_one();
        }
    }
}

/// Moves as long as there is something to move, a slice at a time.
pub(super) async fn moves(local: Local) {
    let work = Rc::clone(&local.borrow().moves.work);
    slices(local, work, Worker::move_slice).await;
}

impl Worker {
    /// Moves the next few attachments. `false` when everybody is where the plan says.
    fn move_slice(&mut self) -> bool {
        let Some(guild) = self.moves.todo.first().copied() else { return false };
        let Self { sessions, relays, shared, moves, .. } = self;
        let Some(relays) = relays.get_mut(&guild) else {
            moves.todo.remove(&guild);
            return true;
        };
        let (policy, facts) = (&*shared.policy, relays.facts);
        let guide = Asking { sessions: &*sessions, policy, now: clock::wall(), facts };
        let moved = relays.branch.advance(shared.config.relay.move_slice, &guide);
        for (slot, number) in moved {
            let Some(session) = sessions.get_mut(slot as usize) else { continue };
            if let Some(membership) = session.guilds.iter_mut().find(|m| m.guild == guild) {
                membership.grant(number);
            }
        }
        if !relays.branch.look() {
            moves.todo.remove(&guild);
        }
        true
    }
}

/// Asks the policy where sessions go.
struct Asking<'a> {
    sessions: &'a Sessions,
    policy: &'a dyn Policy,
    now: Timestamp,
    facts: GuildFacts,
}

impl Guide for Asking<'_> {
    fn facts(&self, slot: Slot) -> Option<SessionFacts> {
        self.sessions.get(slot as usize).map(|session| session.identity.facts())
    }

    fn place(&self, session: &SessionFacts, open: &[RelayFacts]) -> Placement {
        self.policy.relay(self.now, session, &self.facts, open)
    }
}
