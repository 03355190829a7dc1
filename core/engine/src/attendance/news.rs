//! Presences: noted at once, told in windows.

use std::ops::Bound;

use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::gateway::{PresenceUpdate, payload};
use throng_proto::id::UserId;
use throng_proto::model::{ClientStatus, Presence, PresenceUser, Status};

use super::Attendance;
use super::presence::{Present, SessionRef, Shown};
use crate::event::{Change, Event};

impl Attendance {
    /// Takes what a session shows from now on.
    pub fn show(&mut self, session: SessionRef, user: UserId, update: PresenceUpdate) {
        self.note(session, user, Some(Shown::of(update)));
    }

    pub(super) fn note(&mut self, session: SessionRef, user: UserId, shown: Option<Shown>) {
        let Some(present) = self.users.get_mut(&user) else { return };
        let before = present.now();
        present.note(session, shown);
        let now = present.now();
        if now.is_like(&present.told) {
            self.coalesced += u64::from(self.pending.remove(&user));
            self.forget(user);
        } else if !now.is_like(&before) {
            self.coalesced += u64::from(!self.pending.insert(user));
        }
    }

    /// Drops a user who is not there, and whom nobody believes to be.
    fn forget(&mut self, user: UserId) {
        let gone = |present: &Present| !present.is_attached() && !present.told.status.is_online();
        if self.users.get(&user).is_some_and(gone) {
            self.users.remove(&user);
        }
    }

    /// Tells whether anybody shows something else than others were told, or will be told next.
    #[must_use]
    pub fn has_news(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Ends the window: what has changed in it will be told next.
    pub fn end_window(&mut self) {
        self.due.append(&mut self.pending);
    }

    /// Tells whether something is left to be told of windows that have ended.
    #[must_use]
    pub fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// Tells others what is due, of up to `count` users. Costs O(log n) for each.
    pub fn tell(&mut self, count: usize) -> Vec<(UserId, Shown)> {
        let mut news = Vec::new();
        for _ in 0..count {
            let Some(user) = self.due.pop_first() else { break };
            news.extend(self.settle(user).map(|shown| (user, shown)));
        }
        news
    }

    /// Takes what a session shows that was there before the guild began anew: others who were know
    /// of it already. When somebody was shown meanwhile who is online, all are told.
    pub fn recall(&mut self, session: SessionRef, user: UserId, update: PresenceUpdate) {
        self.show(session, user, update);
        if !self.witnessed {
            self.pending.remove(&user);
            self.settle(user);
        }
    }

    /// Counts what a user shows as told, and returns it if it is new.
    fn settle(&mut self, user: UserId) -> Option<Shown> {
        let present = self.users.get_mut(&user)?;
        let now = present.now();
        if now.is_like(&present.told) {
            return None;
        }
        self.online += usize::from(now.status.is_online());
        self.online -= usize::from(present.told.status.is_online());
        present.told = now.clone();
        self.forget(user);
        self.crowd = None;
        Some(now)
    }

    /// Returns who is online after a user, in order of their ids.
    pub fn online_after(&self, user: Option<UserId>) -> impl Iterator<Item = (UserId, &Shown)> {
        let after = user.map_or(Bound::Unbounded, Bound::Excluded);
        let users = self.users.range((after, Bound::Unbounded));
        let told = users.map(|(user, present)| (*user, &present.told));
        told.filter(|(_, told)| told.status.is_online())
    }

    /// Returns what others see of a user.
    #[must_use]
    pub fn shown(&self, user: UserId) -> Shown {
        self.users.get(&user).map_or_else(Shown::offline, |present| present.told.clone())
    }

    /// Returns what a user's sessions show now, before others are told.
    #[must_use]
    pub fn shows(&self, user: UserId) -> Shown {
        self.users.get(&user).map_or_else(Shown::offline, Present::now)
    }

    /// Returns the presences of everybody online.
    pub fn presences(&self) -> impl Iterator<Item = Presence<'_>> {
        self.online_after(None).map(|(user, told)| told.presence(self.guild, user))
    }

    /// Returns the presence of one user, offline when it is not there.
    #[must_use]
    pub fn presence(&self, user: UserId) -> Presence<'_> {
        match self.users.get(&user) {
            Some(present) => present.told.presence(self.guild, user),
            None => Presence {
                user: PresenceUser { id: user },
                guild_id: self.guild,
                status: Status::Offline,
                activities: &[],
                client_status: ClientStatus::of(Status::Offline),
            },
        }
    }

    /// Returns the event that tells sessions of a presence; `None` when nobody listens.
    #[must_use]
    pub fn event(&self, user: UserId, shown: &Shown) -> Option<Event> {
        if self.listeners == 0 {
            return None;
        }
        Some(Event {
            kind: EventKind::PresenceUpdate,
            guild: self.guild,
            sequence: 0,
            scope: Scope::Guild,
            body: payload::dispatch(EventKind::PresenceUpdate, &shown.presence(self.guild, user)),
            stripped: None,
            answered: None,
            author: Some(user),
            mentions: Mentions::default(),
            change: Change::Nothing,
        })
    }
}
