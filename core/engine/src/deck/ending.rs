//! Sessions that begin, lose their link, and end.

use smallvec::SmallVec;
use throng_proto::close::CloseCode;
use throng_proto::event::EventKind;
use throng_proto::id::GuildId;
use throng_proto::wire::Body;

use super::record::SessionRecord;
use super::timer::Key;
use super::{
    Admission, Closing, Deck, Identity, Line, Membership, Output, Past, Refusal, Session,
    SessionId, SessionRef, Why,
};
use crate::conversation::Close;
use crate::replay::Slot;

/// A session that begins.
#[derive(Debug)]
pub struct Newcomer<L> {
    /// Its name, which says that it is this worker's.
    pub id: SessionId,
    /// What IDENTIFY said.
    pub identity: Identity,
    /// Its link.
    pub line: L,
}

impl<L: Line> Deck<L> {
    /// Begins a session on a link, and says READY. Its guilds are to be asked by
    /// [`Deck::attach`].
    pub fn begin(
        &mut self,
        newcomer: Newcomer<L>,
        ready: Body,
        guilds: &[GuildId],
    ) -> Option<SessionRef> {
        let Newcomer { id, identity, line } = newcomer;
        let record = SessionRecord {
            id,
            identity: identity.clone(),
            guilds: SmallVec::new(),
            sequence: 0,
            bound: None,
        };
        let slot = self.open(id, identity);
        let session = self.reference(slot)?;
        // A session without its guilds, or without READY, must not survive.
        self.records.open_batch();
        self.records.open(slot, &record);
        self.link(slot, line);
        self.watch_admission(slot);
        self.counts.identifies += 1;
        self.own(session, EventKind::Ready, None, ready);
        if let Some(session) = self.sessions.get_mut(slot) {
            session.guilds = guilds.iter().copied().map(Membership::new).collect();
        }
        self.write_state(slot);
        self.records.close_batch();
        Some(session)
    }

    /// Adds a session without a link.
    pub(super) fn open(&mut self, id: SessionId, identity: Identity) -> Slot {
        self.generations = self.generations.wrapping_add(1);
        self.sessions.insert(Session {
            id,
            generation: self.generations,
            sequence: 0,
            opened: self.log.end(),
            identity: Box::new(identity),
            guilds: SmallVec::new(),
            line: None,
            lag: None,
            own: None,
            detached_at: self.now.at,
            past: Past::None,
        })
    }

    /// Ends a session: its attachments, and its place in the log.
    pub fn end(&mut self, slot: Slot) {
        let Some(reference) = self.reference(slot) else { return };
        let Some(session) = self.sessions.remove(slot) else { return };
        self.linked -= u64::from(session.line.is_some());
        self.counts.lagging -= u64::from(session.lag.is_some());
        for membership in &session.guilds {
            self.leave_relay(membership, reference, &session.identity);
        }
        for (_, position) in session.own.into_iter().flat_map(|own| own.0) {
            self.log.acknowledge(position);
        }
        self.records.end(slot);
        self.out.push_back(Output::Ended(session.identity.user));
    }

    /// Gives a session a link.
    pub(super) fn link(&mut self, slot: Slot, line: L) {
        let Some(session) = self.sessions.get_mut(slot) else { return };
        self.linked += u64::from(session.line.replace(line).is_none());
    }

    /// Takes a session's link, and what that is behind.
    pub(super) fn take_line(&mut self, slot: Slot) -> Option<L> {
        let session = self.sessions.get_mut(slot)?;
        self.counts.lagging -= u64::from(session.lag.take().is_some());
        let line = session.line.take();
        self.linked -= u64::from(line.is_some());
        line
    }

    /// Takes a session's link away; it waits for RESUME from now on.
    pub fn detach(&mut self, slot: Slot) {
        self.take_line(slot);
        let (now, window) = (self.now.at, self.config.resume_window);
        let Some(session) = self.sessions.get_mut(slot) else { return };
        session.detached_at = now;
        self.wheel.insert(Key::Session(slot, session.generation), now.after(window));
    }

    /// Takes a session's link away that reads too slowly.
    pub fn give_up_line(&mut self, slot: Slot) {
        let close = Close::because(CloseCode::UnknownError, "Too slow: resume to go on.");
        if self.close_line(slot, Why::Slow, close) {
            self.detach(slot);
        }
    }

    /// Ends a session whose user may not go on; its link is closed with 4004.
    pub fn turn_out(&mut self, slot: Slot, why: &str) {
        let close = Close::because(CloseCode::AuthenticationFailed, why);
        self.close_line(slot, Why::TurnedOut, close);
        self.end(slot);
    }

    /// Lets a session's link be closed, and tells whether it had one.
    pub(super) fn close_line(&mut self, slot: Slot, why: Why, close: Close) -> bool {
        let Some(line) = self.take_line(slot) else { return false };
        let Some(session) = self.sessions.get(slot) else { return false };
        let closing = Closing { line, user: session.identity.user, id: session.id, why, close };
        self.out.push_back(Output::Close(Box::new(closing)));
        true
    }

    /// Ends a session whose token is over, and tells whether it did.
    pub fn expire(&mut self, slot: Slot) -> bool {
        let admission = self.sessions.get(slot).and_then(|session| session.identity.pass);
        let over = admission.is_some_and(|admission| admission.is_over(self.now.wall));
        if over {
            self.refuse(Refusal::TokenExpired, 1);
            self.turn_out(slot, "The token has expired.");
        }
        over
    }

    /// Looks at a session again when its token ends.
    pub(super) fn watch_admission(&mut self, slot: Slot) {
        let Some(session) = self.sessions.get(slot) else { return };
        let Some(Admission { expires_at: Some(end), .. }) = session.identity.pass else { return };
        let key = Key::Admission(slot, session.generation);
        self.wheel.insert(key, self.now.at.after(end.since(self.now.wall)));
    }

    /// Ends a session of which something was lost: its client is told to begin anew.
    pub fn lose(&mut self, session: SessionRef) {
        if self.find(session).is_some() {
            self.out.push_back(Output::Lost(session));
            self.end(session.slot);
        }
    }
}
