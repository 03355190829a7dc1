//! A deck with its journal and its inboxes: what a worker's thread does, without the thread.

mod bounds;
mod decided;
mod letters;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use throng_engine::deck::{
    Ask, CaughtUp, Config, Deck, Moment, Output, SessionRef, Story, Survivors,
};
use throng_engine::policy::{Policy, Relief, Shed};
use throng_engine::replay::Rewind;
use throng_proto::id::GuildId;

pub(crate) use self::bounds::bounds;
pub(crate) use self::decided::Decided;
pub(crate) use self::letters::Told;
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
    /// What the node does without.
    pub(crate) shed: Shed,
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
    pub(crate) fn new(config: Config, policy: Arc<dyn Policy>, now: Moment) -> Self {
        Self {
            deck: Deck::new(config, policy, now),
            shed: Shed::NOTHING,
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
        self.deck.shed(self.shed);
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
            self.next_digest = millis + if self.shed.has(Relief::Digests) { 4_000 } else { 1_000 };
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
}
