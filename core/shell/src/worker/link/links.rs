//! Links come and go.

use std::cell::Cell;
use std::rc::Rc;

use throng_engine::conversation::Conversation;
use throng_ports::link::Link;
use throng_proto::gateway::Terms;

use super::bell::Bell;
use super::cell::{LinkCell, LinkKey};
use crate::clock;
use crate::place::Place;
use crate::worker::local::Worker;
use crate::worker::turnstile::Turnstile;

impl Worker {
    pub(in crate::worker) fn add_link(
        &mut self,
        link: Rc<dyn Link>,
        conversation: Conversation,
        terms: Terms,
        place: Place,
    ) -> Rc<LinkCell> {
        self.serials = self.serials.wrapping_add(1);
        let entry = self.links.vacant_entry();
        // One worker has far fewer links than 2^32.
        let key = u32::try_from(entry.key()).unwrap_or(u32::MAX);
        let bell = Bell::new(&self.bells, key);
        let cell = Rc::new(LinkCell {
            link,
            conversation: Cell::new(conversation),
            session: Cell::new(None),
            version: terms.version,
            wire: Cell::new(terms.wire),
            bell,
            busy: Cell::new(false),
            flush: Cell::new(false),
            closing: Cell::new(false),
            dead: Cell::new(false),
            expired: Cell::new(false),
            requests: Cell::new(0),
            answers: Cell::new(None),
            turnstile: Turnstile::default(),
            place: Cell::new(Some(place)),
            serial: self.serials,
        });
        entry.insert(Rc::clone(&cell));
        // IDENTIFY makes the deadline a nearer one, so the first look is no later than a
        // heartbeat's.
        let interval = self.ties.settings.conversation().heartbeat_interval;
        let first_look = cell.deadline().min(clock::now().after(interval));
        self.wheel.insert(LinkKey { link: key, serial: cell.serial }, first_look);
        self.metrics().links.add(1);
        cell
    }

    /// Takes a link out that has ended or moved away, without touching its session.
    pub(in crate::worker) fn forget_link(&mut self, cell: &LinkCell) {
        cell.answers.take();
        if self.links.try_remove(cell.bell.key() as usize).is_some() {
            let bytes = cell.link.bytes();
            self.metrics().bytes_sent.add(bytes.sent);
            self.metrics().bytes_received.add(bytes.received);
            self.metrics().links.sub(1);
        }
    }

    /// Ends a link. Its session ends too if the client closed for good, and else waits for RESUME.
    pub(super) fn remove_link(&mut self, cell: &Rc<LinkCell>, code: Option<u16>) {
        self.forget_link(cell);
        let Some(session) = cell.session.take() else { return };
        let Some(known) = self.deck.find(session) else { return };
        if !known.line.as_ref().is_some_and(|own| own.is(cell)) {
            return;
        }
        let for_good = matches!(code, Some(1000 | 1001)) && !self.ties.stage.is_draining();
        self.tell_end(cell, known, code, !for_good);
        self.act(|deck| if for_good { deck.end(session.slot) } else { deck.detach(session.slot) });
    }
}
