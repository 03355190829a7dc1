//! Whose turn it is: everything that can be done now, and what time brings.

use throng_engine::deck::Deck;
use throng_proto::id::GuildId;

use super::World;
use crate::fault::Fault;

/// Something that can be done now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    Guild(GuildId),
    /// A guild changes hands.
    HandOver(GuildId),
    /// Member lists of a guild.
    Lists(GuildId),
    /// Member lists that have no guild.
    Orphan,
    Store,
    Letter(usize),
    Pass(usize),
    Review(usize),
    Move(usize),
    Resume(usize),
    Read(usize),
    Offer(usize),
}

impl World {
    /// Lists everything that can be done now.
    pub(super) fn turns(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (guild, host) in &self.hosts {
            let works = !host.requests.is_empty() || host.has_seed();
            turns.extend((works && !host.is_leaving()).then_some(Turn::Guild(*guild)));
            turns.extend(host.may_leave().then_some(Turn::HandOver(*guild)));
            let lists = host.lists.as_ref().filter(|lists| lists.has_turn(self.now));
            turns.extend(lists.map(|_| Turn::Lists(*guild)));
        }
        turns.extend((!self.orphans.is_empty()).then_some(Turn::Orphan));
        let stored = self.asked.front();
        turns.extend(stored.filter(|stored| stored.due <= self.now).map(|_| Turn::Store));
        for (index, crew) in self.crews.iter().enumerate() {
            turns.extend(crew.has_letters().then_some(Turn::Letter(index)));
            let pass = crew.passing || !crew.deck.is_idle();
            turns.extend(pass.then_some(Turn::Pass(index)));
            turns.extend(crew.deck.has_review().then_some(Turn::Review(index)));
            turns.extend(crew.deck.has_moves().then_some(Turn::Move(index)));
            turns.extend((!crew.resuming.is_empty()).then_some(Turn::Resume(index)));
        }
        for (index, client) in self.clients.iter().enumerate() {
            let Some(wire) = &client.wire else { continue };
            turns.extend((wire.has_frames() || wire.is_closed()).then_some(Turn::Read(index)));
            turns.extend(wire.is_ready().then_some(Turn::Offer(index)));
        }
        turns
    }

    pub(super) fn next_time(&self) -> u64 {
        let ticks = self.crews.iter().map(|crew| crew.next_tick);
        let clients = self.clients.iter().map(|client| client.wakes);
        let stored = self.asked.front().map(|stored| stored.due);
        let dead = self.dead.iter().map(|(at, ..)| *at);
        let lists = self.hosts.values().filter_map(|host| host.lists.as_ref()?.due());
        let errands = self.errands.next();
        ticks
            .chain(clients)
            .chain(lists)
            .chain(errands)
            .chain(stored)
            .chain(dead)
            .min()
            .unwrap_or(self.now)
    }

    pub(super) fn pass_time(&mut self, to: u64) -> Result<(), String> {
        self.set_time(to);
        self.feel_pressure();
        for index in 0..self.crews.len() {
            if self.crews[index].next_tick <= self.now {
                let (now, mut needs) = (self.moment(), Vec::new());
                self.crews[index].tick(now, &mut needs);
                self.fulfil(index, needs);
            }
        }
        let mut wishes = Vec::new();
        for (guild, host) in &mut self.hosts {
            let mut own = Vec::new();
            host.tell_presences(self.now, &mut own);
            wishes.extend(own.into_iter().map(|wish| (*guild, wish)));
        }
        for (guild, wish) in wishes {
            self.grant(guild, wish)?;
        }
        self.notice_dead();
        self.retry();
        for index in 0..self.clients.len() {
            if self.clients[index].wakes <= self.now {
                self.wake(index)?;
            }
        }
        if !self.calm && self.next_fault <= self.now {
            self.next_fault = self.now + 500 + self.chance.below(4_000) as u64;
            self.go_wrong()?;
        }
        Ok(())
    }

    pub(super) fn take(&mut self, turn: Turn) -> Result<(), String> {
        let (now, mut needs) = (self.moment(), Vec::new());
        self.trace.note(format_args!("{} {turn:?}", self.now));
        match turn {
            Turn::Guild(guild) => return self.serve(guild),
            Turn::Store => return self.answer(),
            Turn::HandOver(guild) => return self.hand_over(guild),
            Turn::Lists(guild) => return self.serve_lists(guild),
            Turn::Orphan => return self.end_lists(),
            Turn::Letter(deck) => return self.deliver(deck),
            Turn::Pass(deck) => {
                self.crews[deck].pass(now, &mut needs);
                if self.plan.has(Fault::Snapshots) && !self.calm && self.chance.per_mille(10) {
                    self.crews[deck].snapshot();
                }
            }
            Turn::Review(deck) => {
                self.crews[deck].act(now, &mut needs, |deck| {
                    if deck.review_slice().is_none() {
                        deck.end_review();
                    }
                });
            }
            Turn::Move(deck) => {
                self.crews[deck].act(now, &mut needs, Deck::move_slice);
            }
            Turn::Resume(deck) => return self.look_back(deck),
            Turn::Read(client) => return self.read(client),
            Turn::Offer(client) => {
                self.offer(client);
                return Ok(());
            }
        }
        if let Turn::Pass(deck) | Turn::Review(deck) | Turn::Move(deck) = turn {
            self.fulfil(deck, needs);
        }
        Ok(())
    }
}
