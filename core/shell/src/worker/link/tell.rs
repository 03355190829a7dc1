//! Lines in the log about links: which are refused, closed and lost, whose they were, and why.

use throng_engine::conversation::Close;
use throng_engine::deck::{Session, SessionId};
use throng_proto::id::UserId;

use super::cell::{LinkCell, LinkRef};
use crate::worker::local::Worker;

impl Worker {
    /// Closes a link, and says whose it is and why.
    pub(in crate::worker) fn turn_away(&self, cell: &LinkCell, close: &Close) {
        let known = cell.session.get().and_then(|session| self.deck.find(session));
        let whose = known.map(|known| (known.identity.user, known.id));
        tell_close(cell, whose.map(|(user, _)| user), whose.map(|(_, id)| id), close);
        cell.close(close);
    }

    /// Says whose link has ended, and what it was used for. One that nobody has closed is lost.
    pub(super) fn tell_end(
        &self,
        cell: &LinkCell,
        known: &Session<LinkRef>,
        code: Option<u16>,
        resumable: bool,
    ) {
        let bytes = cell.link.bytes();
        let in_order = matches!(code, Some(1000 | 1001)) || cell.is_closing();
        if !in_order && !self.ties.stage.is_draining() {
            tracing::info!(
                peer = %cell.link.peer(),
                user = %known.identity.user,
                session = ?known.id,
                code,
                resumable,
                "a link is lost"
            );
        }
        tracing::debug!(
            peer = %cell.link.peer(),
            user = %known.identity.user,
            session = ?known.id,
            guilds = known.guilds.len(),
            code,
            sequence = known.sequence,
            sent = bytes.sent,
            received = bytes.received,
            resumable,
            "a link has ended"
        );
    }
}

/// Says whose link reads too slowly.
pub(in crate::worker) fn tell_slow(cell: &LinkCell, user: UserId, id: SessionId) {
    tracing::info!(
        peer = %cell.link.peer(),
        %user,
        session = ?id,
        "a link reads too slowly and is closed; its session may resume"
    );
}

/// Says who has come.
pub(in crate::worker) fn tell_begin(cell: &LinkCell, known: &Session<LinkRef>, resumed: bool) {
    tracing::debug!(
        peer = %cell.link.peer(),
        transport = cell.link.transport(),
        user = %known.identity.user,
        session = ?known.id,
        client = ?known.identity.connection.browser,
        resumed,
        "a link has a session"
    );
}

/// Says whose link is closed, as far as that is known, and why.
pub(in crate::worker) fn tell_close(
    cell: &LinkCell,
    user: Option<UserId>,
    session: Option<SessionId>,
    close: &Close,
) {
    tracing::info!(
        peer = %cell.link.peer(),
        user = user.map(display),
        session = session.map(debug),
        code = close.code.code(),
        reason = close.reason,
        "a link is closed"
    );
}

/// Says whose session is not begun or resumed now, and why; its client may begin one.
pub(in crate::worker) fn tell_invalid(
    cell: &LinkCell,
    user: Option<UserId>,
    session: Option<SessionId>,
    reason: &str,
) {
    tracing::info!(
        peer = %cell.link.peer(),
        user = user.map(display),
        session = session.map(debug),
        reason,
        "a session is not let in (op 9)"
    );
}
