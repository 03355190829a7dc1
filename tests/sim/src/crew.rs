//! A deck with its journal and its inboxes: what a worker's thread does, without the thread.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use throng_engine::deck::{
    Ask, CaughtUp, Config, Deck, Moment, Output, SessionId, SessionRef, Story, Survivors,
};
use throng_engine::policy::Policy;
use throng_engine::replay::{Limits, Rewind};
use throng_proto::id::{GuildId, UserId};

use crate::chance::Chance;
use crate::host::Letter;
use crate::line::Wire;

/// What a deck wants of guilds.
pub(crate) type Need = (GuildId, Ask);

/// A session whose place in the log is looked for.
#[derive(Debug)]
pub(crate) struct Resuming {
    pub(crate) client: usize,
    pub(crate) session: SessionRef,
    pub(crate) rewind: Rewind,
    pub(crate) received: u32,
    pub(crate) wire: Wire,
}

#[derive(Debug)]
pub(crate) struct Crew {
    pub(crate) deck: Deck<Wire>,
    /// Letters of each guild come in order; guilds overtake each other.
    pub(crate) inboxes: BTreeMap<GuildId, VecDeque<Letter>>,
    /// The journal, and how much of it survives the process.
    pub(crate) journal: Vec<Vec<u8>>,
    pub(crate) flushed: usize,
    /// How much survives the machine, too: what it began with is synced before it is in force.
    pub(crate) sealed: usize,
    pub(crate) passing: bool,
    pub(crate) resuming: VecDeque<Resuming>,
    pub(crate) next_tick: u64,
    pub(crate) next_digest: u64,
}

impl Crew {
    pub(crate) fn new(
        (worker, workers): (usize, usize),
        policy: &Arc<dyn Policy>,
        now: Moment,
    ) -> Self {
        let log = Limits {
            entries_max: 100_000,
            bytes_max: 1 << 28,
            own_bytes_max: 1 << 27,
            age_max: Duration::from_secs(60),
        };
        let config = Config {
            worker: worker as u16,
            workers,
            log,
            resume_window: Duration::from_secs(60),
            lag_events_max: 200,
            lag_bytes_max: 1 << 20,
            ranges_max: 5,
            lists_max: 5,
            relays_max: 64,
            // Small, so that much happens while passes are under way.
            stride: 2,
            move_slice: 3,
            degrade_attachments_min: 1_000,
        };
        Self {
            deck: Deck::new(config, Arc::clone(policy), now),
            inboxes: BTreeMap::new(),
            journal: Vec::new(),
            flushed: 0,
            sealed: 0,
            passing: false,
            resuming: VecDeque::new(),
            next_tick: now.at.millis(),
            next_digest: now.at.millis(),
        }
    }

    /// Tells the deck something, and returns what it needs.
    pub(crate) fn act<T>(
        &mut self,
        now: Moment,
        needs: &mut Vec<Need>,
        tell: impl FnOnce(&mut Deck<Wire>) -> T,
    ) -> T {
        let answer = tell(self.deck.at(now));
        while let Some(output) = self.deck.next_output() {
            match output {
                Output::Ask(guild, ask) => needs.push((guild, ask)),
                Output::Close(closing) => closing.line.close(),
                Output::Ended(_)
                | Output::Lost(_)
                | Output::Delivered(..)
                | Output::Refused(..) => {}
            }
        }
        let Self { deck, journal, .. } = self;
        deck.take_records(|record| journal.push(record.to_vec()));
        answer
    }

    /// Takes a letter of a guild. Returns which session has a place in which guild because of it,
    /// and up to where it knows that.
    pub(crate) fn heed(
        &mut self,
        now: Moment,
        needs: &mut Vec<Need>,
        letter: Letter,
    ) -> Option<((SessionId, GuildId), u64)> {
        let grant = match &letter {
            Letter::Attached(grant) => {
                let (session, guild) = (grant.seat.session, grant.view.shape.id());
                let waits = !self.has_place(session, guild);
                waits.then_some((session, guild, grant.view.sequence))
            }
            _ => None,
        };
        self.hear(now, needs, letter);
        let (session, guild, sequence) = grant?;
        let id = self.deck.find(session)?.id;
        self.has_place(session, guild).then_some(((id, guild), sequence))
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
        });
    }

    /// Begins a pass, or goes on with it.
    pub(crate) fn pass(&mut self, now: Moment, needs: &mut Vec<Need>) {
        if !self.passing {
            self.flush();
            self.deck.at(now).begin_pass();
            self.passing = true;
        }
        if !self.act(now, needs, Deck::pass) {
            self.passing = false;
            self.act(now, needs, |deck| {
                deck.end_pass();
                deck.forget();
            });
        }
    }

    pub(crate) fn flush(&mut self) {
        self.flushed = self.journal.len();
    }

    /// Begins a new segment of the journal; those before are kept as long as the log is.
    pub(crate) fn snapshot(&mut self) {
        let Self { deck, journal, .. } = self;
        deck.snapshot(|record| journal.push(record.to_vec()));
        self.flush();
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Moment, needs: &mut Vec<Need>) {
        let millis = now.at.millis();
        self.next_tick = millis + 250;
        let digest = self.next_digest <= millis;
        if digest {
            self.next_digest = millis + 1_000;
        }
        self.act(now, needs, |deck| {
            deck.tick();
            if digest {
                deck.digest();
            }
        });
        self.flush();
    }

    /// Offers a link what its session missed; `false` when that is gone.
    pub(crate) fn catch_up(&mut self, now: Moment, needs: &mut Vec<Need>, wire: &Wire) -> bool {
        let found = self
            .deck
            .sessions()
            .iter()
            .find(|(_, session)| session.line.as_ref().is_some_and(|line| line.is(wire)));
        let Some((slot, _)) = found else { return true };
        match self.act(now, needs, |deck| deck.catch_up(slot)) {
            CaughtUp::Everything => true,
            CaughtUp::Part => {
                wire.owe();
                true
            }
            CaughtUp::Lost => {
                self.act(now, needs, |deck| deck.end(slot));
                wire.close();
                false
            }
        }
    }

    /// Returns what is left of the journal after a crash.
    pub(crate) fn story(&self, kept: usize, damaged: Option<usize>) -> Story {
        let mut story = Story::default();
        for (index, record) in self.journal.iter().take(kept).enumerate() {
            if damaged == Some(index) { story.gap() } else { story.read(record) }
        }
        story.finish()
    }

    /// Takes over sessions of the last run.
    pub(crate) fn revive(&mut self, now: Moment, needs: &mut Vec<Need>, survivors: Survivors) {
        self.act(now, needs, |deck| deck.revive(survivors));
        self.flush();
        self.sealed = self.flushed;
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
