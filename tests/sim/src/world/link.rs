//! Links: read, slow, cut, and noticed to be gone.

use super::World;
use crate::line::Wire;

impl World {
    /// Reads some of what a link has, or notices that it is closed.
    pub(super) fn read(&mut self, index: usize) -> Result<(), String> {
        let count = if self.calm { 100 } else { 1 + self.chance.below(20) };
        let Some(wire) = self.clients[index].wire.clone() else { return Ok(()) };
        for _ in 0..count {
            let Some(frame) = wire.read() else { break };
            let client = &mut self.clients[index];
            let taken = client.take(&frame, &mut self.oracle);
            let (sequence, text) = (frame.sequence, &frame.text);
            self.trace.note(format_args!("client {index} reads {sequence} {text}"));
            taken.map_err(|what| format!("client {index}: {what}"))?;
        }
        if wire.is_closed() && !wire.has_frames() {
            self.clients[index].wire = None;
            self.go_away(index);
        }
        Ok(())
    }

    pub(super) fn offer(&mut self, index: usize) {
        let Some(wire) = self.clients[index].wire.clone() else { return };
        wire.offered();
        let (now, mut needs) = (self.moment(), Vec::new());
        for deck in 0..self.crews.len() {
            self.crews[deck].catch_up(now, &mut needs, &wire);
            self.fulfil(deck, std::mem::take(&mut needs));
        }
    }

    pub(super) fn go_away(&mut self, index: usize) {
        let now = self.now;
        if self.chance.per_mille(400) {
            // At once, while passes are under way.
            self.clients[index].wakes = now + 1;
        }
        if let Some(known) = &mut self.clients[index].session {
            known.away_since.get_or_insert(now);
        }
    }

    /// Loses its link; the deck notices now or later.
    pub(super) fn cut(&mut self, index: usize) {
        let Some(wire) = self.clients[index].wire.take() else { return };
        wire.cut();
        let later = if self.chance.per_mille(300) { self.chance.below(5_000) } else { 0 };
        self.dead.push((self.now + later as u64, index, wire));
        self.go_away(index);
    }

    /// Lets decks notice links that are gone.
    pub(super) fn notice_dead(&mut self) {
        let (due, later) = std::mem::take(&mut self.dead)
            .into_iter()
            .partition::<Vec<_>, _>(|(at, ..)| *at <= self.now);
        self.dead = later;
        for (_, _, wire) in due {
            self.drop_link(&wire, false);
        }
    }

    /// Takes a link from the session that has it, which may end for good.
    pub(super) fn drop_link(&mut self, wire: &Wire, for_good: bool) {
        let now = self.moment();
        for index in 0..self.crews.len() {
            let sessions = self.crews[index].deck.sessions();
            let found = sessions
                .iter()
                .find(|(_, session)| session.line.as_ref().is_some_and(|line| line.is(wire)));
            let Some((slot, _)) = found else { continue };
            let mut needs = Vec::new();
            self.crews[index].act(now, &mut needs, |deck| {
                if for_good { deck.end(slot) } else { deck.detach(slot) }
            });
            self.fulfil(index, needs);
        }
    }

    /// Closes for good.
    pub(super) fn leave(&mut self, index: usize) {
        let Some(wire) = self.clients[index].wire.take() else { return };
        wire.cut();
        self.drop_link(&wire, true);
        self.clients[index].session = None;
    }

    pub(super) fn slow_down(&mut self, index: usize) {
        let room = self.chance.pick(&[0, 1, 3, 1_000_000]).unwrap_or(0);
        let client = &mut self.clients[index];
        client.room = room.max(1);
        if let Some(wire) = &client.wire {
            wire.make_room(room);
        }
    }
}
