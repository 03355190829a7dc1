//! Whose turn it is: everything that can be done now, and what time brings.

use super::World;
use crate::plan::Fault;
use throng_proto::id::GuildId;

/// Something that can be done now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    Guild(GuildId),
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
            turns.extend((!host.requests.is_empty()).then_some(Turn::Guild(*guild)));
        }
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
        ticks.chain(clients).chain(stored).chain(dead).min().unwrap_or(self.now)
    }

    pub(super) fn pass_time(&mut self, to: u64) -> Result<(), String> {
        self.now = to;
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
        self.trace.note(|| format!("{} {turn:?}", self.now));
        match turn {
            Turn::Guild(guild) => return self.serve(guild),
            Turn::Store => return self.answer(),
            Turn::Letter(deck) => {
                if let Some(letter) = self.crews[deck].next_letter(&mut self.chance) {
                    let granted = self.crews[deck].heed(now, &mut needs, letter);
                    if let Some((key, sequence)) = granted {
                        self.oracle.grants.entry(key).or_default().push(sequence);
                    }
                }
            }
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
                self.crews[deck].act(now, &mut needs, throng_engine::deck::Deck::move_slice);
            }
            Turn::Resume(deck) => return self.look_back(deck),
            Turn::Read(client) => return self.read(client),
            Turn::Offer(client) => {
                self.offer(client);
                return Ok(());
            }
        }
        if let Turn::Letter(deck) | Turn::Pass(deck) | Turn::Review(deck) | Turn::Move(deck) = turn
        {
            self.fulfil(deck, needs);
        }
        Ok(())
    }
}
