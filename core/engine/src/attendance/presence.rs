//! What users show of being there, by session, and what others have been told of it.

use smallvec::SmallVec;
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{GuildId, UserId};
use throng_proto::model::{Activities, ClientStatus, Presence, PresenceUser, Status};

use crate::replay::Slot;

/// Names a session. `generation` tells apart sessions that had the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionRef {
    /// Worker that has it: there are at most 256.
    pub worker: u16,
    /// Its place there.
    pub slot: Slot,
    /// Which user of the place.
    pub generation: u32,
}

/// What others see of a user. Cloning costs one reference count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Never invisible.
    pub status: Status,
    activities: Activities,
}

impl Shown {
    /// Returns what others see of who is not there.
    #[must_use]
    pub fn offline() -> Self {
        Self { status: Status::Offline, activities: Activities::default() }
    }

    /// Reads what a session says.
    #[must_use]
    pub fn of(update: PresenceUpdate) -> Self {
        if !update.status.is_online() {
            return Self::offline();
        }
        Self { status: update.status, activities: update.activities }
    }

    /// Tells whether others see no difference.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self == other
    }

    /// Returns it as it stands in payloads.
    #[must_use]
    pub fn presence(&self, guild: GuildId, user: UserId) -> Presence<'_> {
        Presence {
            user: PresenceUser { id: user },
            guild_id: guild,
            status: self.status,
            activities: self.activities.as_slice(),
            client_status: ClientStatus::of(self.status),
        }
    }
}

/// A user with at least one attached session, or one that others still see as online.
#[derive(Debug)]
pub(super) struct Present {
    /// What each session shows; the one that said something last is at the end.
    sessions: SmallVec<[(SessionRef, Shown); 1]>,
    /// What others were told.
    pub(super) told: Shown,
}

impl Present {
    pub(super) fn new() -> Self {
        Self { sessions: SmallVec::new(), told: Shown::offline() }
    }

    pub(super) fn has(&self, session: SessionRef) -> bool {
        self.sessions.iter().any(|(other, _)| *other == session)
    }

    pub(super) fn is_attached(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Notes what an attached session shows, or that it is gone.
    pub(super) fn note(&mut self, session: SessionRef, shown: Option<Shown>) {
        if let Some(at) = self.sessions.iter().position(|(other, _)| *other == session) {
            self.sessions.remove(at);
            self.sessions.extend(shown.map(|shown| (session, shown)));
        }
    }

    pub(super) fn add(&mut self, session: SessionRef) {
        // Users have few sessions; room for twice as many would be most of what they cost.
        self.sessions.reserve_exact(1);
        self.sessions.push((session, Shown::offline()));
    }

    /// Combines what the sessions show: the one that is most there counts, and of those the one
    /// that said something last.
    pub(super) fn now(&self) -> Shown {
        let all = self.sessions.iter().rev().map(|(_, shown)| shown);
        all.min_by_key(|shown| shown.status).cloned().unwrap_or_else(Shown::offline)
    }
}
