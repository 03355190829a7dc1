//! The deck at work: it is told things, and what it wants done is done.

use std::sync::Arc;

use throng_engine::deck::{Ask, Attach, Closing, Counts, Deck, Output, Refusal, SessionRef, Why};
use throng_proto::id::GuildId;

use super::link::{LinkRef, tell_close, tell_slow};
use super::local::Worker;
use crate::budgets::Budget;
use crate::clock;
use crate::directory::Untaken;
use crate::letter::{GuildLetter, Room, WorkerLetter};
use crate::metrics::Refused;

impl Worker {
    /// Tells the deck something, and does what it wants done.
    pub(super) fn act<T>(&mut self, tell: impl FnOnce(&mut Deck<LinkRef>) -> T) -> T {
        let answer = tell(self.deck.at(clock::moment()));
        self.settle();
        answer
    }

    /// Does what the deck wants done.
    pub(super) fn settle(&mut self) {
        while let Some(output) = self.deck.next_output() {
            self.carry_out(output);
        }
        let Self { deck, recorder, .. } = self;
        deck.take_records(|record| recorder.append(record));
        if !deck.is_idle() {
            self.work.notify_one();
        }
        if deck.has_review() {
            self.reviewing.notify_one();
        }
        if deck.has_moves() {
            self.moving.notify_one();
        }
    }

    fn carry_out(&mut self, output: Output<LinkRef>) {
        match output {
            Output::Ask(guild, ask) => self.ask(guild, ask),
            Output::Close(closing) => close(&closing),
            Output::Ended(user) => self.ties.bounds.sessions.lock().leave(user),
            Output::Lost(session) => {
                tracing::info!(slot = session.slot, "a session is lost: what it missed is unknown");
            }
            Output::Delivered(author, bytes) => {
                self.ties.bounds.budgets.charge(Budget::Delivered, author.value(), bytes);
            }
            Output::Refused(Refusal::PresenceShed, count) => {
                self.ties.meter.metrics.presences_shed.add(count);
            }
            Output::Refused(why, count) => self.ties.meter.refuse_many(refused(why), count),
        }
    }

    fn ask(&mut self, guild: GuildId, ask: Ask) {
        let worker = self.index;
        match ask {
            Ask::Attach(attach) => self.ask_attach(guild, *attach, None),
            Ask::Detach { session, user, interest } => {
                self.ask_guild(guild, GuildLetter::Detach { session, user, interest });
            }
            Ask::Watch(watch) => self.ask_guild(guild, GuildLetter::Watch(watch)),
            Ask::Relays(relays) => self.ask_guild(guild, GuildLetter::Relays { worker, relays }),
            Ask::Restore { since, sessions } => {
                if self.ties.post.directory.guild(guild).is_none() {
                    let all: Vec<SessionRef> = sessions.iter().map(|one| one.session).collect();
                    return self.leave_lost_guild(guild, &all);
                }
                self.ask_guild(guild, GuildLetter::Restore { worker, since, sessions });
            }
        }
    }

    /// Takes sessions off a guild that is not there: it was deleted, and its log with it, before
    /// they could be told. They wait for one that cannot be read.
    fn leave_lost_guild(&mut self, guild: GuildId, sessions: &[SessionRef]) {
        if !self.ties.meter.troubles.has(&format!("unreadable:{guild}")) {
            sessions.iter().for_each(|session| self.deck.turned_away(*session, guild));
        }
    }

    /// Asks a guild to take a session; `room` is given back with the answer. [`Worker::settle`] is
    /// to follow.
    pub(super) fn ask_attach(&mut self, guild: GuildId, attach: Attach, room: Option<Room>) {
        let session = attach.session;
        let request = GuildLetter::Attach(Box::new(attach), room);
        match self.ties.post.directory.try_send(guild, request) {
            Ok(()) => {}
            Err(Untaken::Gone) => self.deck.turned_away(session, guild),
            Err(Untaken::Full(request)) => {
                let post = self.ties.post.clone();
                tokio::task::spawn_local(async move {
                    if !post.directory.send(guild, *request).await {
                        let turned_away = WorkerLetter::TurnedAway { session, guild };
                        post.send(session.worker.into(), turned_away).await;
                    }
                });
            }
        }
    }

    /// Sends a request to a guild without waiting; a guild that has no room gets it from a task.
    pub(super) fn ask_guild(&self, guild: GuildId, request: GuildLetter) {
        if let Err(Untaken::Full(request)) = self.ties.post.directory.try_send(guild, request) {
            let directory = Arc::clone(&self.ties.post.directory);
            tokio::task::spawn_local(async move { directory.send(guild, *request).await });
        }
    }

    /// Brings the counters up to date.
    pub(super) fn show_counts(&self) {
        let (metrics, counts) = (self.metrics(), self.deck.counts());
        let Counts { events, deliveries, .. } = counts;
        for (cell, count) in metrics.events.iter().zip(events) {
            cell.set(*count);
        }
        for (cell, count) in metrics.deliveries.iter().zip(deliveries) {
            cell.set(*count);
        }
        for (cell, count) in [
            (&metrics.passes, counts.passes),
            (&metrics.writes, counts.writes),
            (&metrics.frames, counts.frames),
            (&metrics.identifies, counts.identifies),
            (&metrics.resumes, counts.resumes),
            (&metrics.lagging, counts.lagging),
            (&metrics.relays_started, counts.relays_started),
            (&metrics.relays_ended, counts.relays_ended),
            (&metrics.relay_moves, counts.relay_moves),
            (&metrics.relay_leaving, counts.relay_leaving),
            (&metrics.degraded, counts.degraded),
            (&metrics.sessions, self.deck.sessions().len() as u64),
        ] {
            cell.set(count);
        }
    }
}

/// Closes a link whose session does not have it any more.
fn close(closing: &Closing<LinkRef>) {
    let Closing { line, user, id, why, close } = closing;
    match why {
        Why::Slow => {
            tell_slow(line, *user, *id);
            line.abort(close.code, &close.reason);
        }
        Why::Superseded => line.abort(close.code, &close.reason),
        Why::TurnedOut => {
            tell_close(line, Some(*user), Some(*id), close);
            line.close(close);
            line.session.set(None);
        }
    }
}

/// Finds the name under which something is counted.
const fn refused(why: Refusal) -> Refused {
    match why {
        Refusal::Lag => Refused::Lag,
        Refusal::TokenExpired => Refused::TokenExpired,
        Refusal::Overload | Refusal::PresenceShed => Refused::Overload,
        Refusal::ListRange => Refused::ListRange,
        Refusal::RangesPerChannel => Refused::RangesPerChannel,
        Refusal::ListChannels => Refused::ListChannels,
        Refusal::Intents => Refused::Intents,
        Refusal::RelayCount => Refused::RelayCount,
    }
}
