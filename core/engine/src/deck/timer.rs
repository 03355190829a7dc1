//! Time on a deck: when sessions end, when tokens do, and when the policy is to be asked again.

use std::time::Duration;

use throng_proto::id::GuildId;

use super::{Deck, Line};
use crate::replay::Slot;

/// How exact deadlines are.
pub const TICK: Duration = Duration::from_millis(250);

/// What a deadline is for; the second number tells it from an older session with the same slot.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// A session may wait for a link no longer.
    Session(Slot, u32),
    /// The token of a session ends.
    Admission(Slot, u32),
    /// The policy asked to be asked again about an attachment. Boxed, because it is rare.
    Recheck(Box<(Slot, u32, GuildId)>),
}

impl Key {
    pub(super) fn recheck(slot: Slot, generation: u32, guild: GuildId) -> Self {
        Self::Recheck(Box::new((slot, generation, guild)))
    }
}

impl<L: Line> Deck<L> {
    /// Does what is due: deadlines, what the node sheds, what is too old, and relays that are not
    /// as planned.
    pub fn tick(&mut self) {
        for key in self.wheel.due(self.now.at) {
            match key {
                Key::Session(slot, generation) => self.fire_session(slot, generation),
                Key::Admission(slot, generation) => self.fire_admission(slot, generation),
                Key::Recheck(key) => self.fire_recheck(key.0, key.1, key.2),
            }
        }
        self.relieve();
        self.forget();
        self.look_at_relays();
    }

    fn fire_session(&mut self, slot: Slot, generation: u32) {
        let Some(session) = self.sessions.get(slot) else { return };
        if session.generation != generation || session.line.is_some() {
            return;
        }
        let deadline = session.detached_at.after(self.config.resume_window);
        if deadline <= self.now.at {
            self.end(slot);
        } else {
            self.wheel.insert(Key::Session(slot, generation), deadline);
        }
    }

    fn fire_admission(&mut self, slot: Slot, generation: u32) {
        let session = self.sessions.get(slot);
        if session.is_some_and(|session| session.generation == generation) && !self.expire(slot) {
            // The wheel does not reach that far, or a newer token has taken the place of the old.
            self.watch_admission(slot);
        }
    }
}
