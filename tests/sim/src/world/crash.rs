//! What goes wrong: crashes of a process, a machine or a guild, and all the smaller things.

use futures_util::FutureExt as _;
use throng_engine::deck::Survivors;
use throng_ports::store::Store as _;
use throng_proto::id::GuildId;

use super::World;
use super::archive::Asked;
use crate::client::Shaken;
use crate::host::Letter;
use crate::plan::Fault;

impl World {
    /// Lets one thing go wrong that the plan has.
    pub(super) fn go_wrong(&mut self) -> Result<(), String> {
        let all: Vec<Fault> = Fault::ALL.into_iter().filter(|f| self.plan.has(*f)).collect();
        let Some(fault) = self.chance.pick(&all) else {
            self.change_something();
            return Ok(());
        };
        self.trace.note(|| format!("{fault:?}"));
        match fault {
            Fault::Crashes => self.crash(false),
            Fault::PowerCuts | Fault::DamagedJournals => self.crash(true),
            Fault::GuildPanics => {
                let again = self.chance.per_mille(300);
                let guild = self.panic(None);
                if again {
                    // Before anybody has heard of the first one.
                    self.panic(guild);
                }
            }
            Fault::Snapshots => {
                let deck = self.chance.below(self.crews.len());
                self.crews[deck].snapshot();
            }
            Fault::Storms => (0..self.clients.len()).for_each(|client| self.cut(client)),
            Fault::Kicks => self.kick(),
            Fault::Moves => self.split(),
            Fault::Cuts
            | Fault::SlowLinks
            | Fault::FailingStore
            | Fault::SlowStore
            | Fault::Leavers => self.change_something(),
        }
        Ok(())
    }

    /// Lets the policy split guilds otherwise, and everybody be asked about again.
    fn split(&mut self) {
        let capacity = 1 + self.chance.below(6);
        self.policy.split(capacity);
        let now = self.moment();
        for index in 0..self.crews.len() {
            let mut needs = Vec::new();
            self.crews[index].act(now, &mut needs, throng_engine::deck::Deck::review_all);
            self.fulfil(index, needs);
        }
    }

    /// Ends the process, or the machine, and begins anew from what is left.
    fn crash(&mut self, badly: bool) {
        self.summary.crashes += 1;
        self.shake(badly);
        self.land_commits();
        let mut stories = Vec::new();
        for crew in &self.crews {
            let kept = match badly && self.plan.has(Fault::PowerCuts) {
                true => crew.sealed + self.chance.below(crew.flushed - crew.sealed + 1),
                false => crew.flushed,
            };
            let damages = badly && self.plan.has(Fault::DamagedJournals);
            let damaged = damages.then(|| self.chance.below(kept + 1));
            stories.push(crew.story(kept, damaged));
        }
        for index in 0..self.clients.len() {
            if let Some(wire) = self.clients[index].wire.take() {
                wire.cut();
            }
            let now = self.now;
            if let Some(known) = &mut self.clients[index].session {
                known.away_since.get_or_insert(now);
            }
        }
        self.dead.clear();
        self.oracle.grants.clear();
        self.hosts.clear();
        self.load_guilds();
        let decks = self.crews.len();
        self.crews = (0..decks).map(|deck| self.crew(deck, self.plan.decks)).collect();
        for (index, survivors) in Survivors::divide(stories, decks).into_iter().enumerate() {
            let (now, mut needs) = (self.moment(), Vec::new());
            self.crews[index].revive(now, &mut needs, survivors);
            self.fulfil(index, needs);
        }
    }

    /// Notes for each session what its client must be ready for.
    fn shake(&mut self, badly: bool) {
        let Self { clients, oracle, crews, .. } = self;
        for client in clients {
            let Some(known) = &mut client.session else { continue };
            client.saved = None;
            let welcomes = std::mem::take(&mut known.welcomes);
            let on_the_way = |((id, guild), grants): (&(_, GuildId), &Vec<u64>)| {
                *id == known.id && grants.len() > welcomes.get(guild).copied().unwrap_or(0)
            };
            let middle = known.sequence == 0
                || !known.awaited.is_empty()
                || oracle.grants.iter().any(on_the_way)
                || crews.iter().any(|crew| crew.flushed < crew.journal.len());
            let shaken = match (badly, middle) {
                (true, _) => Shaken::Badly,
                (false, true) => Shaken::InTheMiddle,
                (false, false) => Shaken::Lightly,
            };
            known.shaken = known.shaken.max(shaken);
        }
    }

    /// Lets some of the commits be made that nobody is told of, and none of the others.
    fn land_commits(&mut self) {
        let landed = self.chance.below(self.asked.len() + 1);
        let asked = std::mem::take(&mut self.asked);
        for stored in asked.into_iter().take(landed) {
            if let Asked::Commit(writes) = stored.asked {
                self.commit(stored.guild, writes);
            }
        }
    }

    /// Ends a guild's task; it is read again, and decks tell it who is there.
    fn panic(&mut self, chosen: Option<GuildId>) -> Option<GuildId> {
        let guilds: Vec<GuildId> = self.hosts.keys().copied().collect();
        let guild = chosen.or_else(|| self.chance.pick(&guilds))?;
        self.summary.crashes += 1;
        // What its store was asked is done, though nobody hears of it.
        let (own, others) = std::mem::take(&mut self.asked)
            .into_iter()
            .partition::<Vec<_>, _>(|stored| stored.guild == guild);
        self.asked = others.into();
        for stored in own {
            if let Asked::Commit(writes) = stored.asked {
                self.commit(guild, writes);
            }
        }
        self.load(guild);
        let events = self.store.events(guild, 0).now_or_never().and_then(Result::ok);
        let newcomers =
            self.hosts.get(&guild).map(|host| host.guild.newcomers(&events.unwrap_or_default()));
        let newcomers = newcomers.unwrap_or_default();
        for deck in 0..self.crews.len() {
            self.post(deck, guild, Letter::Rejoin(guild));
            for user in &newcomers {
                self.post(deck, guild, Letter::Joined(*user, guild));
            }
        }
        Some(guild)
    }
}
