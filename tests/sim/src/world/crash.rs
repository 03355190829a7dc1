//! Crashes of a process, of a machine, and of a guild.

use futures_util::FutureExt as _;
use throng_engine::deck::{SessionId, Survivors};
use throng_ports::store::Store as _;
use throng_proto::id::{GuildId, UserId};

use super::World;
use super::archive::Asked;
use crate::client::Shaken;
use crate::fault::Fault;
use crate::host::Letter;

impl World {
    /// Ends the process, or the machine, and begins anew from what is left.
    pub(super) fn crash(&mut self, badly: bool) -> Result<(), String> {
        self.summary.crashes += 1;
        self.shake(|_, _| Some(badly));
        self.land_commits();
        let (mut stories, mut all_kept) = (Vec::new(), Vec::new());
        for crew in &self.crews {
            let kept = match badly && self.plan.has(Fault::PowerCuts) {
                true => crew.sealed + self.chance.below(crew.flushed - crew.sealed + 1),
                false => crew.flushed,
            };
            let damages = badly && self.plan.has(Fault::DamagedJournals);
            let damaged = damages.then(|| self.chance.below(kept + 1));
            stories.push(crew.story(kept, damaged));
            all_kept.push(damaged.map_or(kept, |damaged| damaged.min(kept)));
        }
        for index in 0..self.clients.len() {
            self.lose_link(index);
            self.forget_wanted(index, &all_kept);
        }
        self.dead.clear();
        self.oracle.grants.clear();
        self.hosts.clear();
        self.orphans.clear();
        self.load_guilds()?;
        let decks = self.crews.len();
        self.crews = (0..decks).map(|deck| self.crew(deck)).collect();
        for (index, survivors) in Survivors::divide(stories, decks).into_iter().enumerate() {
            let (now, mut needs) = (self.moment(), Vec::new());
            self.crews[index].revive(now, &mut needs, survivors);
            self.fulfil(index, needs);
            self.compare(index);
        }
        Ok(())
    }

    /// Tells sessions that survived of guilds that came or went meanwhile.
    pub(super) fn compare(&mut self, deck: usize) {
        let sessions = self.crews[deck].deck.sessions().iter();
        let all: Vec<(u32, UserId)> =
            sessions.map(|(slot, session)| (slot, session.identity.user)).collect();
        for (slot, user) in all {
            let guilds = self.store.guilds_of(user).now_or_never().and_then(Result::ok);
            let guilds = guilds.unwrap_or_default();
            let session = self.crews[deck].deck.session(slot);
            let known = session.into_iter().flat_map(|session| &session.guilds);
            let lost: Vec<GuildId> =
                known.map(|one| one.guild).filter(|guild| !guilds.contains(guild)).collect();
            let (now, mut needs) = (self.moment(), Vec::new());
            self.crews[deck].act(now, &mut needs, |deck| {
                lost.into_iter().for_each(|guild| deck.expel_session(guild, slot));
                guilds.into_iter().for_each(|guild| deck.join_session(guild, slot));
            });
            self.fulfil(deck, needs);
        }
    }

    /// Loses a link with the deck at its other end.
    pub(super) fn lose_link(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if let Some(wire) = client.wire.take() {
            wire.cut();
        }
        if let Some(known) = &mut client.session {
            known.away_since.get_or_insert(self.now);
        }
    }

    /// Forgets what a client asked to see, where that may be lost.
    pub(super) fn forget_wanted(&mut self, index: usize, kept: &[usize]) {
        let client = &mut self.clients[index];
        let Some(known) = &client.session else { return };
        let deck = known.id.worker(kept.len());
        if client.wanted_at > kept.get(deck).copied().unwrap_or(0) {
            client.wanted.clear();
        }
        // The next journal begins anew.
        client.wanted_at = 0;
    }

    /// Notes for each session what its client must be ready for; `how` tells how badly it is hit,
    /// if it is.
    pub(super) fn shake(&mut self, how: impl Fn(SessionId, usize) -> Option<bool>) {
        let Self { clients, oracle, crews, .. } = self;
        for client in clients {
            let Some(known) = &mut client.session else { continue };
            let Some(badly) = how(known.id, crews.len()) else { continue };
            oracle.news.excuse_all(known.id);
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
    pub(super) fn panic(&mut self, chosen: Option<GuildId>) -> Result<Option<GuildId>, String> {
        let guilds: Vec<GuildId> = self.hosts.keys().copied().collect();
        let Some(guild) = chosen.or_else(|| self.chance.pick(&guilds)) else { return Ok(None) };
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
        let lists = self.hosts.remove(&guild).and_then(|host| host.lists);
        self.orphans.extend(lists);
        self.load(guild)?;
        if !self.hosts.contains_key(&guild) {
            self.oracle.guilds.entry(guild).or_default().gone = true;
        }
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
        Ok(Some(guild))
    }
}
