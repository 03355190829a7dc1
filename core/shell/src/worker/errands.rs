//! Errands: what a session asked for that concerns many guilds, done a few guilds at a time.
//!
//! A payload may concern thousands of guilds, and others' deliveries must not wait for them. Each
//! guild counts against the user's budget; when that is used up the rest waits, and what is asked
//! meanwhile takes the place of what waits: a guild is told of the last presence only, and of the
//! last of each subscription.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;
use throng_engine::replay::Slot;
use throng_proto::gateway::{PresenceUpdate, Subscription, Subscriptions};
use throng_proto::id::GuildId;

use super::errand::{Errand, Errands, Round};
use super::local::{Local, Worker};
use super::showing;
use crate::budgets::Budget;
use crate::letter::{GuildLetter, Room};

/// Guilds before other tasks of the worker have a turn: about 0.1 ms.
const SLICE: u32 = 16;

/// Runs errands as long as there are any, a slice at a time, no faster than guilds answer and
/// passes keep up.
pub(super) async fn errands(local: Local) {
    let (work, passed, room, reviews) = {
        let worker = local.borrow();
        let Errands { work, room, .. } = &worker.errands;
        let passed = Rc::clone(&worker.passed);
        (Rc::clone(work), passed, Arc::clone(room), Arc::clone(&worker.ties.verdicts.reviews))
    };
    loop {
        if local.borrow().errands.queue.is_empty() {
            work.notified().await;
        } else if !local.borrow().keeps_up() {
            passed.notified().await;
        } else if let Ok(room) = Arc::clone(&room).acquire_many_owned(SLICE).await {
            let turn = reviews.turn().await;
            local.borrow_mut().errand_slice(room);
            drop(turn);
            // Guilds and stores get the core for a moment, too, where there are few.
            std::thread::yield_now();
            tokio::task::yield_now().await;
        }
    }
}

impl Worker {
    /// Lets a new session enter guilds that it is a member of.
    pub(super) fn enter_guilds(
        &mut self,
        slot: Slot,
        mut guilds: Vec<GuildId>,
        showing: PresenceUpdate,
    ) {
        guilds.reverse();
        let Some(mut errand) = self.take_errand(slot) else { return };
        (errand.enter, errand.showing) = (guilds, showing);
        self.go_on(slot, errand);
    }

    /// Shows a session's presence in all its guilds.
    pub(super) fn show_presence(&mut self, slot: Slot, update: PresenceUpdate) {
        let Some(mut errand) = self.take_errand(slot) else { return };
        let Some(session) = self.deck.session(slot) else { return };
        let update = showing::fitted(
            &self.ties.settings,
            &self.ties.meter,
            update,
            &session.identity.activities,
        );
        let guilds: SmallVec<[GuildId; 4]> = session.guilds.iter().map(|m| m.guild).collect();
        // Who had the former one already is told as well, but after those who wait for it.
        let former = errand.round.take();
        let next = former.as_ref().map_or(0, |round| round.next % guilds.len().max(1));
        let changed = self.act(|deck| deck.show(slot, &update));
        let changed = changed || former.is_some_and(|round| round.changed);
        let left = guilds.len();
        errand.round = Some(Round { update, guilds, next, left, changed });
        errand.unwritten = true;
        self.go_on(slot, errand);
    }

    /// Takes a client's subscriptions.
    pub(super) fn subscribe(&mut self, slot: Slot, subscriptions: Subscriptions) {
        let Some(mut errand) = self.take_errand(slot) else { return };
        let Some(session) = self.deck.session(slot) else { return };
        let known: HashSet<GuildId> = session.guilds.iter().map(|m| m.guild).collect();
        for (guild, wanted) in subscriptions.guilds {
            if known.contains(&guild) {
                merge(errand.subscriptions.guilds.entry(guild).or_default(), wanted);
                errand.unwritten = true;
            }
        }
        self.go_on(slot, errand);
    }

    /// Lets errands go on whose users have waited for a while.
    pub(super) fn wake_errands(&mut self) {
        let Errands { waiting, queue, work, .. } = &mut self.errands;
        if !waiting.is_empty() {
            queue.extend(waiting.drain(..));
            work.notify_one();
        }
    }

    /// Takes what a session waits for, which is nothing mostly.
    fn take_errand(&mut self, slot: Slot) -> Option<Errand> {
        let generation = self.deck.session(slot)?.generation;
        let known = self.errands.all.remove(&slot);
        if known.is_some() {
            self.errands.queue.retain(|other| *other != slot);
            self.errands.waiting.retain(|other| *other != slot);
        }
        let known = known.filter(|errand| errand.generation == generation);
        if known.as_ref().is_some_and(|errand| errand.enter.is_empty() && !errand.waited) {
            // Asked again before it was done.
            self.ties.meter.refuse(Budget::GuildsTold.refused());
        }
        let known = known.map(|errand| Errand { waited: false, ..errand });
        Some(known.unwrap_or_else(|| Errand { generation, ..Errand::default() }))
    }

    /// Does a slice of an errand if there is room, and the rest later.
    fn go_on(&mut self, slot: Slot, errand: Errand) {
        match Arc::clone(&self.errands.room).try_acquire_many_owned(SLICE) {
            Ok(room) => self.go_on_with(room, slot, errand),
            Err(_) => self.keep_errand(slot, errand, true),
        }
    }

    fn go_on_with(&mut self, room: Room, slot: Slot, mut errand: Errand) {
        let done = self.errand_guilds(room, slot, &mut errand);
        if errand.is_done() {
            if errand.unwritten {
                self.act(|deck| deck.write_state(slot));
            }
            return;
        }
        if let Err(budget) = done
            && !std::mem::replace(&mut errand.waited, true)
        {
            self.ties.meter.refuse(budget.refused());
        }
        self.keep_errand(slot, errand, done.is_ok());
    }

    fn keep_errand(&mut self, slot: Slot, errand: Errand, may: bool) {
        self.errands.all.insert(slot, errand);
        if may {
            self.errands.queue.push_back(slot);
            self.errands.work.notify_one();
        } else {
            self.errands.waiting.push(slot);
        }
    }

    /// Does a slice of the next errand.
    fn errand_slice(&mut self, room: Room) {
        let Some(slot) = self.errands.queue.pop_front() else { return };
        let Some(errand) = self.errands.all.remove(&slot) else { return };
        let session = self.deck.session(slot);
        if session.is_some_and(|session| session.generation == errand.generation) {
            self.go_on_with(room, slot, errand);
        }
    }

    /// Does what concerns the next few guilds, or tells which budget of the user is used up.
    fn errand_guilds(
        &mut self,
        mut room: Room,
        slot: Slot,
        errand: &mut Errand,
    ) -> Result<(), Budget> {
        let Some(session) = self.deck.session(slot) else { return Ok(()) };
        let user = session.identity.user.value();
        let bounds = Arc::clone(&self.ties.bounds);
        let may = |budget| bounds.budgets.afford(budget, user).map_err(|_| budget);
        while let Some(room) = room.split(1).filter(|_| !errand.is_done()) {
            may(Budget::GuildsAtOnce)?;
            bounds.budgets.charge(Budget::GuildsAtOnce, user, 1);
            if let Some(guild) = errand.enter.pop() {
                // Paid for by IDENTIFY.
                let showing = errand.showing.clone();
                if let Some(attach) = self.deck.attach(slot, guild, showing, true) {
                    self.ask_attach(guild, attach, Some(room));
                    self.settle();
                }
                continue;
            }
            may(Budget::GuildsTold)?;
            let mut cost = 1;
            if let Some(round) = &mut errand.round {
                match round.advance() {
                    Some(guild) => self.show_in(slot, guild, round, room),
                    None => errand.round = None,
                }
            } else if let Some((guild, wanted)) = errand.subscriptions.guilds.shift_remove_index(0)
            {
                cost += wanted.channels.as_ref().map_or(0, |channels| channels.len() as u64);
                cost += wanted.members.as_ref().map_or(0, |members| members.len() as u64 / 100);
                self.act(|deck| deck.subscribe(slot, guild, wanted));
            }
            bounds.budgets.charge(Budget::GuildsTold, user, cost);
        }
        Ok(())
    }

    /// Shows a session's presence in one of its guilds.
    fn show_in(&mut self, slot: Slot, guild: GuildId, round: &Round, room: Room) {
        let Round { update, changed, .. } = round;
        let Some(session) = self.deck.reference(slot) else { return };
        let Some(found) = self.deck.session(slot) else { return };
        if found.membership(guild).is_none() {
            return;
        }
        let (user, room) = (found.identity.user, Some(room));
        self.ask_guild(
            guild,
            GuildLetter::Presence { session, user, update: update.clone(), room },
        );
        self.act(|deck| deck.show_in(slot, guild, update.status, *changed));
    }
}

/// Lets a later subscription take the place of what it names of an earlier one.
fn merge(waiting: &mut Subscription, wanted: Subscription) {
    waiting.typing = wanted.typing.or(waiting.typing);
    waiting.members = wanted.members.or_else(|| waiting.members.take());
    waiting.channels = wanted.channels.or_else(|| waiting.channels.take());
}
