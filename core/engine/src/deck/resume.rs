//! RESUME: a session goes on with a new link.

use throng_proto::close::CloseCode;
use throng_proto::event::EventKind;
use throng_proto::gateway::payload::{self, Resumed};

use super::behind::Lag;
use super::{Admission, Deck, Line, Past, SessionRef, Why};
use crate::conversation::Close;
use crate::planted::{self, Planted};
use crate::replay::{Position, Replay, Rewind};

/// A client claims more than its session is known to have been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It was surely never given that.
    Mistaken,
    /// The session survived a restart, and its journal may have lost its end.
    Unknown,
}

/// What became of a session that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// It is the first time since a restart: the records must be in the journal before the link is
    /// offered anything, or the next run would know the session by less than it was given.
    pub from_restart: bool,
}

impl<L: Line> Deck<L> {
    /// Begins to look for what a client misses that had everything up to `claimed`.
    ///
    /// # Errors
    ///
    /// It claims more than is known.
    pub fn begin_resume(&mut self, session: SessionRef, claimed: u64) -> Result<Rewind, Beyond> {
        // Its number and this place belong together, whether a pass under way has visited it
        // already or not.
        let end = self.visited_end(session.slot);
        let known = self.find(session).ok_or(Beyond::Unknown)?;
        let bound = known.past.bound().filter(|_| !planted::has(Planted::BoundIgnored));
        let known_max = bound.unwrap_or(known.sequence).min(known.sequence);
        let claimed = u32::try_from(claimed).ok().filter(|claimed| *claimed <= known_max);
        let beyond = if known.past == Past::None { Beyond::Mistaken } else { Beyond::Unknown };
        let missing = known.sequence - claimed.ok_or(beyond)?;
        Ok(Replay::begin_rewind(session.slot, known.opened, end, missing))
    }

    /// Gives a link to a session whose client has had everything up to `received`, and misses what
    /// comes from a place in the log on. The link that it had is closed. `None` when the session
    /// has ended meanwhile.
    ///
    /// [`Deck::catch_up`] is to be called next.
    pub fn finish_resume(
        &mut self,
        session: SessionRef,
        line: L,
        (from, received): (Position, u32),
        admission: Admission,
    ) -> Option<Returned> {
        self.find(session)?;
        let close = Close::because(CloseCode::UnknownError, "The session was resumed elsewhere.");
        self.close_line(session.slot, Why::Superseded, close);
        self.link(session.slot, line);
        let known = self.find_mut(session)?;
        let renewed = known.identity.pass.replace(admission) != Some(admission);
        let from_restart = known.past.bound().is_some();
        if from_restart {
            known.past = Past::Back;
        }
        if received < known.sequence {
            known.lag = Some(Box::new(Lag::new(from, received, 0)));
            self.counts.lagging += 1;
        }
        if from_restart || renewed {
            self.write_state(session.slot);
        }
        if renewed {
            self.watch_admission(session.slot);
        }
        self.counts.resumes += 1;
        let body = payload::dispatch(EventKind::Resumed, &Resumed::default());
        self.own(session, EventKind::Resumed, None, body);
        Some(Returned { from_restart })
    }
}
