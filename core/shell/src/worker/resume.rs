//! RESUME: a session goes on with a new link, on the worker that has the session.

use std::rc::Rc;
use std::sync::Arc;

use throng_engine::conversation::Close;
use throng_engine::deck::{Beyond, SessionId, SessionRef};
use throng_engine::replay::{Position, Rewind};
use throng_proto::close::CloseCode;
use throng_proto::gateway::{Resume, Terms};
use throng_proto::token::Token;

use super::identify;
use super::link::{LinkCell, LinkRef, busy, tell_begin, tell_close, tell_invalid};
use super::local::{Local, Worker};
use crate::account::Bearer;
use crate::budgets::Budget;
use crate::letter::{Claim, Moving, WorkerLetter};
use crate::metrics::Refused;

/// Entries of the log that are looked at before others have their turn: about 0.1 ms.
const LOOKS: usize = 4_096;
/// What a link is told whose client has another one by now.
const SUPERSEDED: &str = "A later link has resumed the session.";

/// Resumes on a link, or refuses. `true` when the link has moved to another worker.
pub(super) async fn run(local: Local, cell: Rc<LinkCell>, resume: Resume) -> bool {
    let gate = Arc::clone(&local.borrow().ties.gate);
    let entry = match gate.archive.accounts.owner(&Token::parse(&resume.token)).await {
        Ok(Some(entry)) => entry,
        Ok(None) => {
            gate.meter.refuse(Refused::BadToken);
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
        gate.meter.refuse(Refused::InvalidResume);
        tell_invalid(&cell, Some(entry.user.id), None, "its id is none");
        identify::invalidate(&gate.settings, &cell);
        return false;
    };
    let Bearer { user, admission, era } = entry;
    let claim = Claim { id, user: user.id, sequence: resume.seq, admission, era };
    let (here, post) = {
        let worker = local.borrow();
        (worker.index, worker.ties.post.clone())
    };
    let owner = id.worker(post.worker_count());
    if owner == here {
        take_up(local, cell, claim).await;
        return false;
    }
    let Some((arrival, place)) = cell.link.depart().zip(cell.place.take()) else {
        return false;
    };
    local.borrow_mut().forget_link(&cell);
    let terms = Terms { version: cell.version, wire: cell.wire.get() };
    let conversation = cell.conversation();
    let moving = Moving { arrival, conversation, terms, place, claim };
    post.send(owner, WorkerLetter::Resuming(Box::new(moving))).await;
    true
}

/// Takes a link that has moved here.
pub(super) fn continue_here(local: &Local, moving: Moving) {
    let Moving { arrival, conversation, terms, place, claim } = moving;
    let Ok(link) = arrival.arrive() else { return };
    let cell = local.borrow_mut().add_link(link, conversation, terms, place);
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
        let found = local.borrow().deck.log().step_back(&mut rewind, LOOKS);
        match found {
            Ok(None) => tokio::task::yield_now().await,
            Ok(Some(from)) => {
                return local.borrow_mut().finish_resume(&cell, session, from, claim);
            }
            Err(_) => {
                let mut worker = local.borrow_mut();
                worker.act(|deck| deck.end(session.slot));
                return worker.deny(&cell, claim, "what it missed is gone");
            }
        }
    }
}

impl Worker {
    /// Finds a session and what its client misses, or refuses.
    fn begin_resume(&mut self, cell: &Rc<LinkCell>, claim: Claim) -> Option<(SessionRef, Rewind)> {
        let deck = &self.deck;
        let found = deck.sessions().named(claim.id).and_then(|slot| deck.reference(slot));
        let Some(session) = found.filter(|session| deck.user_of(*session) == Some(claim.user))
        else {
            self.deny(cell, claim, "it is not known");
            return None;
        };
        if self.act(|deck| deck.expire(session.slot)) {
            self.deny(cell, claim, "its token has expired");
            return None;
        }
        if self.is_superseded(session, cell) {
            cell.abort(CloseCode::UnknownError, SUPERSEDED);
            return None;
        }
        if self.ties.bounds.budgets.spend(Budget::Resumes, claim.id.hash(), 1).is_err() {
            // Clients wait before they come back after this; after op 9 some do not.
            let close = Close::plain(CloseCode::RateLimited);
            tell_close(cell, Some(claim.user), Some(claim.id), &close);
            cell.close(&close);
            return None;
        }
        match self.act(|deck| deck.begin_resume(session, claim.sequence)) {
            Ok(rewind) => Some((session, rewind)),
            Err(beyond) => {
                self.refuse_beyond(session, cell, beyond, claim);
                None
            }
        }
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
        if claim.era != self.ties.gate.archive.accounts.era() {
            // Maybe this one's: whoever still has a token is let in when it asks again.
            let reason = "Tokens were taken away meanwhile: resume again.";
            return self.turn_away(cell, &Close::because(CloseCode::UnknownError, reason));
        }
        if self.is_superseded(session, cell) {
            return cell.abort(CloseCode::UnknownError, SUPERSEDED);
        }
        let received = u32::try_from(claim.sequence).unwrap_or(u32::MAX);
        let (line, admission) = (LinkRef::from(cell), claim.admission);
        let reached = (from, received);
        let returned = self.act(|deck| deck.finish_resume(session, line, reached, admission));
        let Some(returned) = returned else {
            return self.deny(cell, claim, "it has ended");
        };
        if returned.from_restart {
            self.flush_journal();
        }
        cell.session.set(Some(session));
        if let Some(known) = self.deck.find(session) {
            tell_begin(cell, known, true);
        }
        cell.flush();
    }

    /// Refuses a number that is more than is known. One that was surely never given is the client's
    /// mistake. After a restart it may be the journal that has lost its end: then the session is
    /// over, because a close code would make libraries resume for ever.
    fn refuse_beyond(
        &mut self,
        session: SessionRef,
        cell: &LinkCell,
        beyond: Beyond,
        claim: Claim,
    ) {
        if beyond == Beyond::Mistaken {
            self.ties.meter.refuse(Refused::InvalidResume);
            let close = Close::plain(CloseCode::InvalidSequence);
            tell_close(cell, Some(claim.user), Some(claim.id), &close);
            return cell.close(&close);
        }
        self.act(|deck| deck.end(session.slot));
        self.deny(cell, claim, "its journal has lost its end");
    }

    /// Tells whether a link that was opened later has the session: a client that lost this one
    /// while it moved between workers has asked again meanwhile.
    fn is_superseded(&self, session: SessionRef, cell: &LinkCell) -> bool {
        let line = self.deck.find(session).and_then(|session| session.line.as_ref());
        line.is_some_and(|other| other.order() > cell.order())
    }

    fn deny(&self, cell: &LinkCell, claim: Claim, reason: &'static str) {
        self.ties.meter.refuse(Refused::InvalidResume);
        tell_invalid(cell, Some(claim.user), Some(claim.id), reason);
        identify::invalidate(&self.ties.settings, cell);
    }
}
