//! Chunks of member lists: they come one by one, and only as fast as the session reads.

use throng_proto::event::EventKind;
use throng_proto::id::GuildId;
use throng_proto::wire::Body;

use super::{Deck, Line, SessionRef};

/// Chunks of one session that are kept for its resuming: 4 x about 450 KB. A list of millions would
/// push everything else out of the log.
const KEPT: usize = 4;

/// What became of a chunk.
#[derive(Clone, Debug)]
pub enum Chunk {
    /// It is on its way.
    Taken,
    /// The session has not read what it got before; here it is again.
    Later(Body),
    /// Nobody wants it any more.
    Gone,
}

impl<L: Line> Deck<L> {
    /// Takes a chunk for a session, if it has read what it got before.
    pub fn chunk(&mut self, session: SessionRef, guild: GuildId, body: Body) -> Chunk {
        if !self.is_in(session, guild) {
            return Chunk::Gone;
        }
        let Some(found) = self.find(session) else { return Chunk::Gone };
        if found.line.is_none() || found.lag.is_some() {
            return Chunk::Later(body);
        }
        self.forget_chunks(session);
        self.own(session, EventKind::GuildMembersChunk, Some(guild), body);
        Chunk::Taken
    }

    /// Gives up all but the newest chunks that a session's link has taken.
    fn forget_chunks(&mut self, session: SessionRef) {
        let Self { sessions, log, .. } = self;
        let Some(found) = sessions.get_mut(session.slot) else { return };
        let Some(own) = &mut found.own else { return };
        let is_chunk =
            |position| log.entry(position).is_some_and(|e| e.kind == EventKind::GuildMembersChunk);
        let chunks: Vec<_> = own.0.iter().map(|(_, at)| *at).filter(|at| is_chunk(*at)).collect();
        let old = chunks.len().saturating_sub(KEPT);
        let old = chunks.get(..old).unwrap_or_default();
        own.0.retain(|(_, position)| !old.contains(position));
        for position in old {
            log.acknowledge(*position);
        }
    }
}
