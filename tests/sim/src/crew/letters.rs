//! Letters of guilds, and what a deck makes of them.

use std::sync::Arc;

use throng_engine::deck::{Moment, SessionId, SessionRef};
use throng_engine::event::Event;
use throng_engine::replay::Slot;
use throng_proto::id::{GuildId, UserId};

use super::{Crew, Decided, Need};
use crate::chance::Chance;
use crate::host::Letter;

/// What came of a letter.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Which session has a place in which guild because of it, and up to where it knows that.
    pub(crate) granted: Option<((SessionId, GuildId), u64)>,
    /// Of which events sessions are told.
    pub(crate) told: Vec<Told>,
}

/// An event that a deck has heard of.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) event: Arc<Event>,
    /// What was decided about the sessions that it may be for.
    pub(crate) decided: Vec<Decided>,
    /// Who is to get it, as far as that is known.
    pub(crate) recipients: Option<Vec<Slot>>,
}

impl Crew {
    /// Takes a letter of a guild.
    pub(crate) fn heed(&mut self, now: Moment, needs: &mut Vec<Need>, letter: Letter) -> Heard {
        match &letter {
            Letter::Attached(grant) => {
                let (session, guild) = (grant.seat.session, grant.view.shape.id());
                let (waits, sequence) = (!self.has_place(session, guild), grant.view.sequence);
                self.hear(now, needs, letter);
                let granted = waits && self.has_place(session, guild);
                let found = self.deck.find(session).filter(|_| granted);
                Heard {
                    granted: found.map(|found| ((found.id, guild), sequence)),
                    told: Vec::new(),
                }
            }
            Letter::Event(event) => {
                let (event, from) = (Arc::clone(event), self.deck.log().end());
                let decided = self.decided(&event);
                self.hear(now, needs, letter);
                let recipients = Some(self.recipients(from, event.kind, event.guild));
                Heard { granted: None, told: vec![Told { event, decided, recipients }] }
            }
            Letter::Restored(restored) => {
                let guild = restored.view.shape.id();
                let seats = restored.seats.iter().map(|seat| seat.session);
                let absent: Vec<SessionRef> =
                    seats.filter(|session| !self.has_place(*session, guild)).collect();
                let events = restored.events.clone();
                self.hear(now, needs, letter);
                let told = events.into_iter().map(|event| {
                    let mut decided = self.decided(&event);
                    decided.retain(|one| absent.iter().any(|session| session.slot == one.slot));
                    Told { event, decided, recipients: None }
                });
                Heard { granted: None, told: told.collect() }
            }
            _ => {
                self.hear(now, needs, letter);
                Heard::default()
            }
        }
    }

    fn has_place(&self, session: SessionRef, guild: GuildId) -> bool {
        let membership = self.deck.find(session).and_then(|found| found.membership(guild));
        membership.is_some_and(|membership| membership.relay().is_some())
    }

    fn hear(&mut self, now: Moment, needs: &mut Vec<Need>, letter: Letter) {
        self.act(now, needs, |deck| match letter {
            Letter::Event(event) => deck.event(&event),
            Letter::Attached(grant) => deck.attached(*grant),
            Letter::TurnedAway(session, guild) => deck.turned_away(session, guild),
            Letter::Restored(restored) => deck.restored(*restored),
            Letter::Joined(user, guild) => deck.joined(user, guild),
            Letter::Resized(facts) => deck.resized(facts),
            Letter::Rejoin(guild) => deck.rejoin(guild),
            Letter::Lists(guild, epoch, outputs) => deck.lists_told(guild, epoch, outputs),
            Letter::Owner(guild) => deck.ask_all_lists(guild),
        });
    }

    /// Returns a guild with letters, and the next one of it.
    pub(crate) fn next_letter(&mut self, chance: &mut Chance) -> Option<Letter> {
        let waiting = self.inboxes.iter().filter(|(_, all)| !all.is_empty());
        let guilds: Vec<GuildId> = waiting.map(|(guild, _)| *guild).collect();
        self.inboxes.get_mut(&chance.pick(&guilds)?)?.pop_front()
    }

    pub(crate) fn has_letters(&self) -> bool {
        self.inboxes.values().any(|all| !all.is_empty())
    }

    /// Finds the sessions of a user, for tests of who is attached.
    pub(crate) fn is_attached(&self, user: UserId, guild: GuildId) -> bool {
        let sessions = self.deck.sessions();
        sessions.of(user).into_iter().any(|slot| {
            let session = sessions.get(slot);
            session.and_then(|s| s.membership(guild)).is_some_and(|m| m.relay().is_some())
        })
    }
}
