//! What must be: a plain account of who may see what, in which order, kept beside the machines.
//!
//! Nothing here is the engine's: permissions are computed anew from roles and overwrites, and
//! everybody's due is a list that is walked once. Only what policies decide is taken from decks as
//! they have it when they hear of an event; nobody is asked again.

mod entry;
mod judgement;
mod lists;
mod news;
mod rights;
mod stock;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use throng_engine::deck::SessionId;
use throng_engine::event::Event;
use throng_engine::guild::Guild;
use throng_proto::event::EventClass;
use throng_proto::id::{GuildId, UserId};

pub(crate) use self::entry::{Entry, digest_of};
pub(crate) use self::lists::{Row, rows_of_list};
pub(crate) use self::news::News;
use self::rights::Sights;
pub(crate) use self::rights::allows;
use self::stock::Stock;

/// What was published by a guild, in order.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
    /// Sequence of the last event in the store.
    pub(crate) stored: u64,
    /// It was deleted, and its task ended before anybody was told.
    pub(crate) gone: bool,
    /// It has begun anew or changed hands: what sessions watched of its lists may not be known.
    pub(crate) anew: bool,
    sights: Sights,
    stock: Stock,
}

impl Ledger {
    pub(crate) fn entry_mut(&mut self, sequence: u64) -> Option<&mut Entry> {
        let index = usize::try_from(sequence).ok()?.checked_sub(1)?;
        self.entries.get_mut(index)
    }

    /// Counts the messages with a text that were ever posted.
    pub(crate) fn posts(&self, text: &str) -> usize {
        self.stock.posts(text)
    }

    fn push(&mut self, guild: &Guild, event: &Event) -> Result<(), String> {
        if matches!(event.kind.class(), EventClass::Structure | EventClass::Member) {
            self.sights = Sights::default();
        }
        self.stock.take(event)?;
        let audience = match entry::left_of(event) {
            None => self.sights.of(guild, event),
            // Who leaves on its own knows.
            left => {
                let told = left.filter(|user| event.author != Some(*user));
                Rc::new(rights::audience(guild, event).into_iter().chain(told).collect())
            }
        };
        self.entries.push(Entry::new(event, audience));
        Ok(())
    }
}

/// Everything that was published.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) guilds: BTreeMap<GuildId, Ledger>,
    /// Up to where a session knows a guild that has granted it a place, in the order of grants.
    pub(crate) grants: BTreeMap<(SessionId, GuildId), Vec<u64>>,
    /// What sessions are told by digests.
    pub(crate) news: News,
}

impl Oracle {
    /// Notes what a guild publishes.
    ///
    /// # Errors
    ///
    /// It publishes what is not stored (G1), or out of order (G2), or what cannot be (G4).
    pub(crate) fn publish(&mut self, guild: &Guild, event: &Event) -> Result<(), String> {
        if event.sequence == 0 {
            return Ok(());
        }
        let ledger = self.guilds.entry(event.guild).or_default();
        if event.sequence > ledger.stored {
            return Err(format!("G1: event {} is published before it is stored", event.sequence));
        }
        let last = ledger.entries.last().map_or(0, |entry| entry.sequence);
        if event.sequence != last + 1 {
            return Err(format!("G2: event {} is published after {last}", event.sequence));
        }
        ledger.push(guild, event)
    }

    /// Notes events that were stored, but that nobody published before a crash.
    ///
    /// # Errors
    ///
    /// They are what cannot be (G4).
    pub(crate) fn recover(&mut self, guild: &Guild, events: &[Event]) -> Result<(), String> {
        let ledger = self.guilds.entry(guild.shape().id()).or_default();
        ledger.anew |= !ledger.entries.is_empty();
        ledger.sights = Sights::default();
        for event in events {
            let last = ledger.entries.last().map_or(0, |entry| entry.sequence);
            if event.sequence == last + 1 {
                ledger.push(guild, event)?;
            }
        }
        // Who may see what is as it was for each of them; what is published next may be otherwise.
        ledger.sights = Sights::default();
        Ok(())
    }

    /// Notes that a session is told of events later than others, as the guild is now.
    pub(crate) fn tell_later(
        &mut self,
        guild: &Guild,
        (session, user): (SessionId, UserId),
        events: &[Arc<Event>],
    ) {
        let Some(ledger) = self.guilds.get_mut(&guild.shape().id()) else { return };
        for event in events {
            let may = rights::may_see(guild, user, event);
            if let Some(entry) = ledger.entry_mut(event.sequence) {
                entry.tell_later(session, may);
            }
        }
    }
}
