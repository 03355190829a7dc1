//! RESUME: a session goes on with a new link, on the worker that has the session.

use std::rc::Rc;

use throng_engine::conversation::{Close, Conversation};
use throng_engine::replay::{Position, Replay, Rewind};
use throng_ports::link::Arrival;
use throng_proto::close::CloseCode;
use throng_proto::event::EventKind;
use throng_proto::gateway::{Resume, Terms};
use throng_proto::id::UserId;
use throng_proto::token::Token;
use throng_proto::wire::Body;

use super::fanout::Lag;
use super::link::{LinkCell, busy, tell_close, tell_invalid};
use super::session::{Past, SessionId};
use super::{Local, SessionRef, Worker, WorkerMessage, identify};
use crate::account::{Entry, Pass};
use crate::budgets::Budget;
use crate::metrics::Refused;
use crate::node::Permit;

/// Entries of the log that are looked at before others have their turn: about 0.1 ms.
const LOOKS: usize = 4_096;
/// What a link is told whose client has another one by now.
const SUPERSEDED: &str = "A later link has resumed the session.";

/// A link on its way to the worker that has its session.
#[derive(Debug)]
pub(crate) struct Moving {
    arrival: Box<dyn Arrival>,
    conversation: Conversation,
    terms: Terms,
    permit: Permit,
    claim: Claim,
}

/// What a client says to be.
#[derive(Clone, Copy, Debug)]
struct Claim {
    id: SessionId,
    user: UserId,
    sequence: u64,
    pass: Pass,
    era: u64,
}

/// Resumes on a link, or refuses. `true` when the link has moved to another worker.
pub(super) async fn run(local: Local, cell: Rc<LinkCell>, resume: Resume) -> bool {
    let shared = local.borrow().shared.clone();
    let entry = match shared.accounts.owner(&Token::parse(&resume.token)).await {
        Ok(Some(entry)) => entry,
        Ok(None) => {
            shared.metrics.refuse(Refused::BadToken);
            local.borrow().turn_away(&cell, &Close::plain(CloseCode::AuthenticationFailed));
            return false;
        }
        Err(error) => {
            let close = Close::because(CloseCode::UnknownError, &error.to_string());
            local.borrow().turn_away(&cell, &close);
            return false;
        }
    };
    let Ok(id) = resume.session_id.parse::<SessionId>() else {
        shared.metrics.refuse(Refused::InvalidResume);
        tell_invalid(&cell, Some(entry.user.id), None, "its id is none");
        identify::invalidate(&shared, &cell);
        return false;
    };
    let Entry { user, pass, era } = entry;
    let claim = Claim { id, user: user.id, sequence: resume.seq, pass, era };
    let owner = id.worker(shared.worker_count());
    let here = local.borrow().index;
    if owner == here {
        take_up(local, cell, claim).await;
        return false;
    }
    let Some((arrival, permit)) = cell.link.depart().zip(cell.permit.take()) else {
        return false;
    };
    local.borrow_mut().forget_link(&cell);
    let terms = Terms { version: cell.version, wire: cell.wire.get() };
    let conversation = cell.conversation();
    let moving = Moving { arrival, conversation, terms, permit, claim };
    shared.send(owner, WorkerMessage::Resuming(Box::new(moving))).await;
    true
}

/// Takes a link that has moved here.
pub(super) fn continue_here(local: &Local, moving: Moving) {
    let Moving { arrival, conversation, terms, permit, claim } = moving;
    let Ok(link) = arrival.arrive() else { return };
    let cell = local.borrow_mut().add_link(link, conversation, terms, permit);
    let (local, resuming) = (Rc::clone(local), Rc::clone(&cell));
    busy(
        &cell,
        Box::pin(async move {
            take_up(local, resuming, claim).await;
            false
        }),
    );
}

/// Goes on with a session that is here. To find out from where may take a look at all that its
/// worker has sent lately, so others have their turns in between.
async fn take_up(local: Local, cell: Rc<LinkCell>, claim: Claim) {
    let began = local.borrow_mut().begin_resume(&cell, claim);
    let Some((session, mut rewind)) = began else { return };
    loop {
        let found = local.borrow().replay.step_back(&mut rewind, LOOKS);
        match found {
            Ok(None) => tokio::task::yield_now().await,
            Ok(Some(from)) => {
                return local.borrow_mut().finish_resume(&cell, session, from, claim);
            }
            Err(_) => {
                let mut worker = local.borrow_mut();
                worker.end_session(session.slot);
                return worker.deny(&cell, claim, "what it missed is gone");
            }
        }
    }
}

impl Worker {
    /// Finds a session and what its client misses, or refuses.
    fn begin_resume(&mut self, cell: &Rc<LinkCell>, claim: Claim) -> Option<(SessionRef, Rewind)> {
        let found = self.sessions.named(claim.id).and_then(|slot| self.reference(slot));
        let Some(session) = found.filter(|session| self.owner(*session) == Some(claim.user)) else {
            self.deny(cell, claim, "it is not known");
            return None;
        };
        if self.expire(session.slot) {
            self.deny(cell, claim, "its token has expired");
            return None;
        }
        if self.is_superseded(session, cell) {
            cell.abort(CloseCode::UnknownError, SUPERSEDED);
            return None;
        }
        if self.shared.spend(Budget::Resumes, claim.id.hash(), 1).is_err() {
            // Clients wait before they come back after this; after op 9 some do not.
            let close = Close::plain(CloseCode::RateLimited);
            tell_close(cell, Some(claim.user), Some(claim.id), &close);
            cell.close(&close);
            return None;
        }
        self.visit_now(session.slot);
        let end = self.visited_end(session.slot);
        let known = self.session_mut(session)?;
        let (sequence, opened, past) = (known.sequence, known.opened, known.past);
        let known_max = past.bound().unwrap_or(sequence).min(sequence);
        let claimed = u32::try_from(claim.sequence).ok().filter(|claimed| *claimed <= known_max);
        let Some(missing) = claimed.map(|claimed| sequence - claimed) else {
            self.refuse_beyond(session, cell, past, claim);
            return None;
        };
        let rewind = Replay::begin_rewind(session.slot, opened, end, missing);
        Some((session, rewind))
    }

    /// Gives a link to a session whose client has had everything up to what it claims, and misses
    /// what comes from a place in the log on.
    fn finish_resume(
        &mut self,
        cell: &Rc<LinkCell>,
        session: SessionRef,
        from: Position,
        claim: Claim,
    ) {
        if claim.era != self.shared.accounts.era() {
            // Maybe this one's: whoever still has a token is let in when it asks again.
            let reason = "Tokens were taken away meanwhile: resume again.";
            return self.turn_away(cell, &Close::because(CloseCode::UnknownError, reason));
        }
        let received = u32::try_from(claim.sequence).unwrap_or(u32::MAX);
        if self.session_mut(session).is_none() {
            // It has ended meanwhile.
            return self.deny(cell, claim, "it has ended");
        }
        if self.is_superseded(session, cell) {
            return cell.abort(CloseCode::UnknownError, SUPERSEDED);
        }
        self.unlink(session);
        let Some(known) = self.session_mut(session) else { return };
        known.link = Some(Rc::clone(cell));
        let renewed = known.identity.pass.replace(claim.pass) != Some(claim.pass);
        let came_back = known.past.bound().is_some();
        if came_back {
            known.past = Past::Back;
        }
        if received < known.sequence {
            known.lag = Some(Box::new(Lag::from(from, received)));
            self.metrics().lagging.add(1);
        }
        if came_back {
            // Before it is sent anything of this run: otherwise the next run would know it by less
            // than it was given, and refuse it.
            self.recorder.state(session.slot, &self.sessions);
            self.flush_journal();
        }
        cell.session.set(Some(session));
        self.tell_begin(cell, session, true);
        if renewed {
            self.recorder.state(session.slot, &self.sessions);
            self.watch_pass(session.slot);
        }
        self.metrics().resumes.add(1);
        cell.flush();
        let payload = r#"{"_trace":["throng"]}"#;
        let body = Body::dispatch(EventKind::Resumed.name(), payload);
        self.own(session, EventKind::Resumed, None, body);
    }

    /// Refuses a number that is more than is known. One that was surely never given is the client's
    /// mistake. After a restart it may be the journal that has lost its end: then the session is
    /// over, because a close code would make libraries resume for ever.
    fn refuse_beyond(&mut self, session: SessionRef, cell: &LinkCell, past: Past, claim: Claim) {
        if past == Past::None {
            self.shared.metrics.refuse(Refused::InvalidResume);
            let close = Close::plain(CloseCode::InvalidSequence);
            tell_close(cell, Some(claim.user), Some(claim.id), &close);
            return cell.close(&close);
        }
        self.end_session(session.slot);
        self.deny(cell, claim, "its journal has lost its end");
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

    fn deny(&self, cell: &LinkCell, claim: Claim, reason: &'static str) {
        self.shared.metrics.refuse(Refused::InvalidResume);
        tell_invalid(cell, Some(claim.user), Some(claim.id), reason);
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
