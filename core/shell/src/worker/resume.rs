//! RESUME: a session goes on with a new link, on the worker that has the session.

use std::rc::Rc;

use throng_engine::conversation::{Close, Conversation};
use throng_ports::link::Arrival;
use throng_proto::close::CloseCode;
use throng_proto::event::EventKind;
use throng_proto::gateway::Resume;
use throng_proto::id::UserId;
use throng_proto::token::Token;
use throng_proto::wire::{Body, Wire};

use super::fanout::Lag;
use super::link::LinkCell;
use super::session::SessionId;
use super::{Local, SessionRef, Worker, WorkerMessage, identify};
use crate::metrics::Refused;
use crate::node::Permit;

/// A link on its way to the worker that has its session.
#[derive(Debug)]
pub(crate) struct Moving {
    arrival: Box<dyn Arrival>,
    conversation: Conversation,
    wire: Wire,
    permit: Permit,
    claim: Claim,
}

/// What a client says to be.
#[derive(Clone, Copy, Debug)]
struct Claim {
    id: SessionId,
    user: UserId,
    sequence: u64,
}

/// Resumes on a link, or refuses. `true` when the link has moved to another worker.
pub(super) async fn run(local: Local, cell: Rc<LinkCell>, resume: Resume) -> bool {
    let shared = local.borrow().shared.clone();
    let user = match shared.accounts.owner(&Token::parse(&resume.token)).await {
        Ok(Some(user)) => user.id,
        Ok(None) => {
            shared.metrics.refuse(Refused::BadToken);
            cell.close(&Close::plain(CloseCode::AuthenticationFailed));
            return false;
        }
        Err(error) => {
            cell.close(&Close::because(CloseCode::UnknownError, &error.to_string()));
            return false;
        }
    };
    let Ok(id) = resume.session_id.parse::<SessionId>() else {
        shared.metrics.refuse(Refused::InvalidResume);
        identify::invalidate(&shared, &cell);
        return false;
    };
    let claim = Claim { id, user, sequence: resume.seq };
    let owner = id.worker(shared.worker_count());
    let here = local.borrow().index;
    if owner == here {
        local.borrow_mut().resume(&cell, claim);
        return false;
    }
    let Some((arrival, permit)) = cell.link.depart().zip(cell.permit.take()) else {
        return false;
    };
    local.borrow_mut().forget_link(&cell);
    let (conversation, wire) = (cell.conversation(), cell.wire.get());
    let moving = Moving { arrival, conversation, wire, permit, claim };
    shared.send(owner, WorkerMessage::Resuming(Box::new(moving))).await;
    true
}

/// Takes a link that has moved here.
pub(super) fn continue_here(local: &Local, moving: Moving) {
    let Moving { arrival, conversation, wire, permit, claim } = moving;
    let Ok(link) = arrival.arrive() else { return };
    let mut worker = local.borrow_mut();
    let cell = worker.add_link(link, conversation, wire, permit);
    worker.resume(&cell, claim);
    cell.look();
}

impl Worker {
    fn resume(&mut self, cell: &Rc<LinkCell>, claim: Claim) {
        let found = self.sessions.named(claim.id).and_then(|slot| self.reference(slot));
        let Some(session) = found.filter(|session| self.owner(*session) == Some(claim.user)) else {
            return self.deny(cell);
        };
        if self.is_superseded(session, cell) {
            return cell.abort(CloseCode::UnknownError, "A later link has resumed the session.");
        }
        self.visit_now(session.slot);
        let end = self.visited_end(session.slot);
        let Some(known) = self.session_mut(session) else { return };
        let (sequence, opened) = (known.sequence, known.opened);
        let Some(missing) =
            u32::try_from(claim.sequence).ok().and_then(|s| sequence.checked_sub(s))
        else {
            self.shared.metrics.refuse(Refused::InvalidResume);
            return cell.close(&Close::plain(CloseCode::InvalidSequence));
        };
        let Some(position) = self.replay.rewind(session.slot, opened, end, missing) else {
            self.end_session(session.slot);
            return self.deny(cell);
        };
        self.unlink(session);
        let Some(known) = self.session_mut(session) else { return };
        known.link = Some(Rc::clone(cell));
        let received = sequence - missing;
        if missing > 0 {
            known.lag = Some(Box::new(Lag::from(position, received)));
            self.metrics().lagging.add(1);
        }
        cell.session.set(Some(session));
        self.metrics().resumes.add(1);
        cell.flush();
        let payload = r#"{"_trace":["throng"]}"#;
        let body = Body::dispatch(EventKind::Resumed.name(), payload);
        self.own(session, EventKind::Resumed, None, body);
    }

    /// Tells whether a link that was opened later has the session: a client that lost this one
    /// while it moved between workers has asked again meanwhile.
    fn is_superseded(&mut self, session: SessionRef, cell: &LinkCell) -> bool {
        let link = self.session_mut(session).and_then(|session| session.link.as_ref());
        link.is_some_and(|other| other.order() > cell.order())
    }

    fn owner(&mut self, session: SessionRef) -> Option<UserId> {
        self.session_mut(session).map(|session| session.identity.user)
    }

    fn deny(&self, cell: &LinkCell) {
        self.shared.metrics.refuse(Refused::InvalidResume);
        identify::invalidate(&self.shared, cell);
    }

    /// Closes the link that a session had until now.
    fn unlink(&mut self, session: SessionRef) {
        let Some(known) = self.session_mut(session) else { return };
        let lagging = known.lag.take().is_some();
        let old = known.link.take();
        if lagging {
            self.metrics().lagging.sub(1);
        }
        if let Some(old) = old {
            old.abort(CloseCode::UnknownError, "The session was resumed elsewhere.");
        }
    }
}
