//! The store as the world plays it: asked in order, and answered when it is its turn.

use futures_util::FutureExt as _;
use throng_engine::event::Event;
use throng_engine::guild::{Config, Guild, Input};
use throng_engine::roster::{Builder, Roster};
use throng_ports::store::Store as _;
use throng_proto::id::GuildId;
use throng_proto::record::{RowQuery, Write};

use super::World;
use crate::fault::Fault;
use crate::host::Host;

/// Something that the store is asked.
#[derive(Debug)]
pub(super) enum Asked {
    Commit(Vec<Write>),
    Read(u64, Vec<RowQuery>),
}

/// Something that the store answers later.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) guild: GuildId,
    pub(super) era: u64,
    pub(super) due: u64,
    pub(super) asked: Asked,
}

impl World {
    pub(super) fn load_guilds(&mut self) -> Result<(), String> {
        let guilds = self.store.guilds().now_or_never().and_then(Result::ok);
        guilds.unwrap_or_default().into_iter().try_for_each(|guild| self.load(guild))
    }

    /// Reads a guild from the store, and notes what was stored and that nobody published.
    pub(super) fn load(&mut self, id: GuildId) -> Result<(), String> {
        let record = self.store.guild(id).now_or_never().and_then(Result::ok).flatten();
        let Some(record) = record else { return Ok(()) };
        let config = Config { ids: self.ids.clone(), ..Config::default() };
        let guild = Guild::load(record, self.roster(id), config);
        let known = self.oracle.guilds.get(&id).map_or(0, |ledger| ledger.entries.len() as u64);
        let unpublished = self.store.events(id, known).now_or_never().and_then(Result::ok);
        let unpublished = unpublished.unwrap_or_default();
        let events: Vec<Event> = unpublished.iter().map(Event::from_record).collect();
        self.oracle.recover(&guild, &events)?;
        self.eras += 1;
        let large = self.plan.has(Fault::Crowds) && self.plan.seed.is_multiple_of(2);
        let offline_max = if large { 5 } else { usize::MAX };
        let mut host = Host::new(guild, self.eras);
        host.offline_max = offline_max;
        self.hosts.insert(id, host);
        Ok(())
    }

    pub(super) fn roster(&self, id: GuildId) -> Roster {
        use futures_util::StreamExt as _;
        let mut builder = Builder::default();
        let mut pages = self.store.members(id);
        while let Some(Some(Ok(page))) = pages.next().now_or_never() {
            page.into_iter().for_each(|member| builder.push(member));
        }
        builder.finish()
    }

    /// Lets the store answer what it was asked first.
    pub(super) fn answer(&mut self) -> Result<(), String> {
        let Some(Stored { guild, era, asked, .. }) = self.asked.pop_front() else { return Ok(()) };
        let fails = !self.calm && self.plan.has(Fault::FailingStore) && self.chance.per_mille(100);
        let input = match asked {
            Asked::Commit(_) if fails => Input::CommitFailed("the disk is full".to_owned()),
            Asked::Commit(writes) => {
                self.commit(guild, writes);
                Input::Committed
            }
            Asked::Read(read, _) if fails => Input::ReadFailed(read, "a bad sector".to_owned()),
            Asked::Read(read, queries) => {
                if self.is_slow() && self.chance.per_mille(300) {
                    // It will be answered again.
                    let (due, asked) = (self.now + 50, Asked::Read(read, queries.clone()));
                    self.asked.push_back(Stored { guild, era, due, asked });
                }
                let rows = self.store.rows(queries).now_or_never().and_then(Result::ok);
                Input::Read(read, rows.unwrap_or_default())
            }
        };
        let (now, mut wishes) = (self.wall(), Vec::new());
        let Some(host) = self.hosts.get_mut(&guild).filter(|host| host.era == era) else {
            return Ok(());
        };
        host.step(now, input, &mut wishes);
        wishes.into_iter().try_for_each(|wish| self.grant(guild, wish))
    }

    pub(super) fn commit(&mut self, guild: GuildId, writes: Vec<Write>) {
        let sequences = writes.iter().filter_map(|write| match write {
            Write::Event(event) => Some(event.sequence),
            _ => None,
        });
        let last = sequences.max();
        let done = self.store.commit(writes).now_or_never();
        debug_assert!(matches!(done, Some(Ok(()))), "{done:?}");
        let ledger = self.oracle.guilds.entry(guild).or_default();
        ledger.stored = ledger.stored.max(last.unwrap_or(0));
    }

    const fn is_slow(&self) -> bool {
        !self.calm && self.plan.has(Fault::SlowStore)
    }

    pub(super) fn ask_store(&mut self, guild: GuildId, asked: Asked) {
        let slow = self.is_slow() && self.chance.per_mille(200);
        let takes = if slow { self.chance.below(3_000) } else { self.chance.below(5) };
        let era = self.hosts.get(&guild).map_or(0, |host| host.era);
        self.asked.push_back(Stored { guild, era, due: self.now + takes as u64, asked });
    }
}
