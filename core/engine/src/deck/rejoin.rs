//! Sessions of guilds that know none of them: after a restart, or when a guild's task has begun
//! anew. They are *absent* until the guild has taken them back with what they missed.
//!
//! Sessions of a guild that were told of it up to different places are absent in groups, each with
//! its own place, which is written down: a crash meanwhile loses nothing. Newcomers wait until
//! nobody is absent any more. So whoever is on the relays of a guild was told up to the same place.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use roaring::RoaringBitmap;
use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::{ChannelId, GuildId, MessageId};

use super::{Ask, Attach, Deck, Line, Restored, SessionRef, View};
use crate::event::{Change, Event};
use crate::planted::{self, Planted};
use crate::replay::Slot;

/// Sessions that a guild has to take back.
#[derive(Debug)]
pub(super) struct Absence {
    /// Place in the guild's sequence up to which they were told.
    pub(super) since: u64,
    pub(super) slots: RoaringBitmap,
}

impl<L: Line> Deck<L> {
    /// Asks a guild's next owner, which knows none of its sessions, to take them back.
    pub fn rejoin(&mut self, guild: GuildId) {
        self.lists.remove(&guild);
        if let Some(mut relays) = self.guilds.remove(&guild) {
            // What digests were to tell goes with the relays.
            let due = relays.branch.digest();
            self.append_digests(due.into_iter().map(|digest| (guild, digest)));
            let slots = relays.branch.slots();
            for slot in &slots {
                let session = self.sessions.get_mut(slot);
                let membership = session.and_then(|session| session.membership_mut(guild));
                membership.into_iter().for_each(super::Membership::take_back);
            }
            self.part(guild, relays.told, slots);
        }
        let all = self.sessions.iter().filter(|(slot, session)| {
            session.membership(guild).is_some() && !self.is_absent(guild, *slot)
        });
        let waiting: RoaringBitmap = all.map(|(slot, _)| slot).collect();
        if !waiting.is_empty() {
            self.waiting.insert(guild, waiting);
        }
        self.ask_again(guild);
    }

    /// Notes that sessions are absent, which were told of a guild up to a place.
    pub(super) fn part(&mut self, guild: GuildId, since: u64, slots: RoaringBitmap) {
        if !slots.is_empty() {
            self.records.since(guild, since, &slots);
            self.absent.entry(guild).or_default().push(Absence { since, slots });
        }
    }

    /// Lets sessions wait that a guild has never taken.
    pub(super) fn wait(&mut self, guild: GuildId, slot: Slot) {
        self.waiting.entry(guild).or_default().insert(slot);
    }

    /// Tells whether somebody is absent, so that newcomers wait.
    pub(super) fn has_absent(&self, guild: GuildId) -> bool {
        self.absent.contains_key(&guild)
    }

    pub(super) fn is_absent(&self, guild: GuildId, slot: Slot) -> bool {
        let groups = self.absent.get(&guild).into_iter().flatten();
        groups.map(|absence| &absence.slots).any(|slots| slots.contains(slot))
    }

    /// Notes that a session is absent no longer, or has left.
    pub(super) fn no_longer_absent(&mut self, guild: GuildId, slot: Slot) {
        let Some(groups) = self.absent.get_mut(&guild) else { return };
        groups.retain_mut(|absence| {
            absence.slots.remove(slot);
            !absence.slots.is_empty()
        });
        if groups.is_empty() {
            self.absent.remove(&guild);
        }
    }

    /// Asks a guild for all who are absent, or else for who waits.
    pub(super) fn ask_again(&mut self, guild: GuildId) {
        let groups = self.absent.get(&guild).into_iter().flatten();
        let groups: Vec<(u64, RoaringBitmap)> =
            groups.map(|absence| (absence.since, absence.slots.clone())).collect();
        if groups.is_empty() {
            return self.ask_waiting(guild);
        }
        for (since, slots) in groups {
            let sessions = slots.iter().filter_map(|slot| self.attach_of(slot)).collect();
            self.ask(guild, Ask::Restore { since, sessions });
        }
    }

    fn attach_of(&self, slot: Slot) -> Option<Attach> {
        let session = self.sessions.get(slot)?;
        self.describe(slot, session.identity.shows(), true)
    }

    /// Asks a guild to take those who wait for it, now that nobody is absent.
    pub(super) fn ask_waiting(&mut self, guild: GuildId) {
        for slot in self.waiting.remove(&guild).unwrap_or_default() {
            let session = self.sessions.get(slot);
            let membership = session.and_then(|session| session.membership(guild));
            if membership.is_some_and(|membership| membership.relay().is_none())
                && let Some(attach) = self.attach_of(slot)
            {
                self.ask(guild, Ask::Attach(Box::new(attach)));
            }
        }
    }

    /// Takes sessions that a guild has taken back, and tells them what they missed. All or nothing
    /// of it survives a crash.
    pub fn restored(&mut self, restored: Restored) {
        let Restored { view, seats, gone, lost, events } = restored;
        let guild = view.shape.id();
        self.records.open_batch();
        lost.into_iter().for_each(|session| self.lose(session));
        let mut slots = RoaringBitmap::new();
        for seat in &seats {
            let slot = seat.session.slot;
            if !self.is_in(seat.session, guild) {
                self.give_back(guild, seat);
            } else if self.is_absent(guild, slot) || planted::has(Planted::RestoreTwice) {
                self.place(seat, &View { sequence: 0, ..view.clone() });
                slots.insert(slot);
            }
        }
        let only = (!planted::has(Planted::RestoreToAll)).then_some(&slots);
        for event in &events {
            self.tell_missed(event, only);
        }
        self.digest_missed(guild, &events, &slots);
        self.caught_up(guild, view.sequence, &slots);
        for session in gone {
            self.turned_away(session, guild);
        }
        self.records.close_batch();
        if !self.has_absent(guild) {
            self.ask_waiting(guild);
        }
    }

    /// Tells sessions by digests of the messages that they missed, as far as they get digests.
    fn digest_missed(&mut self, guild: GuildId, events: &[Arc<Event>], slots: &RoaringBitmap) {
        let messages = events.iter().filter_map(|event| match event.change {
            Change::LastMessage(channel, message) => Some((channel, message)),
            _ => None,
        });
        let last: IndexMap<ChannelId, MessageId> = messages.collect();
        let missed: Vec<(ChannelId, MessageId)> = last.into_iter().collect();
        let Some(relays) = self.guilds.get(&guild).filter(|_| !missed.is_empty()) else { return };
        let digests = relays.branch.digest_missed(slots, &missed);
        self.append_digests(digests.into_iter().map(|digest| (guild, digest)));
    }

    /// Notes that sessions were told everything up to a place, like all others on the relays.
    fn caught_up(&mut self, guild: GuildId, told: u64, slots: &RoaringBitmap) {
        if slots.is_empty() {
            return;
        }
        slots.iter().for_each(|slot| self.no_longer_absent(guild, slot));
        self.records.settled(guild, slots);
        if let Some(relays) = self.guilds.get_mut(&guild) {
            relays.told = relays.told.max(told);
            self.records.told(guild, relays.told);
        }
    }

    /// Takes a session off a guild that does not take it.
    pub fn turned_away(&mut self, session: SessionRef, guild: GuildId) {
        if self.find(session).is_some() && !planted::has(Planted::TurnedAwayUntold) {
            self.expel_session(guild, session.slot);
        }
        if !self.has_absent(guild) {
            self.ask_waiting(guild);
        }
    }

    /// Says what a session asks a guild for; `None` when it has ended, or waits until others are
    /// back, and is asked for then.
    #[must_use]
    pub fn attach(
        &mut self,
        slot: Slot,
        guild: GuildId,
        presence: PresenceUpdate,
        initial: bool,
    ) -> Option<Attach> {
        if self.has_absent(guild) {
            self.wait(guild, slot);
            return None;
        }
        self.describe(slot, presence, initial)
    }

    /// Lists the guilds in which somebody is absent or waits.
    pub(super) fn unsettled(&self) -> BTreeSet<GuildId> {
        self.absent.keys().chain(self.waiting.keys()).copied().collect()
    }
}
