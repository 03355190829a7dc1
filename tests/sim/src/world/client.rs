//! Clients: they come, read, act, lose their links and come back.

use std::sync::Arc;

use throng_engine::deck::{Admission, Ask, Beyond, Identity, Newcomer, SessionId};
use throng_engine::replay::Lost;
use throng_proto::command::{Actor, Command, MessageDraft, MessagePatch};
use throng_proto::event::EventKind;
use throng_proto::gateway::{Connection, PresenceUpdate};
use throng_proto::id::GuildId;
use throng_proto::intents::Intents;
use throng_proto::model::{Activities, Status, User};
use throng_proto::time::Timestamp;
use throng_proto::token::TokenId;
use throng_proto::wire::Body;

use futures_util::FutureExt as _;
use throng_ports::store::Store as _;

use super::World;
use crate::client::{Known, Shaken};
use crate::crew::Resuming;
use crate::host::Request;
use crate::line::Wire;
use crate::plan::Fault;

/// Within which time a client may lose its state and still go on: decks keep what it has
/// acknowledged for 30 s.
const MOMENTS: u64 = 25_000;
/// How long a session waits for its client, as the decks are told.
const RESUME_WINDOW: u64 = 60_000;

impl World {
    /// Lets a client do something.
    pub(super) fn wake(&mut self, index: usize) -> Result<(), String> {
        let most = 2 * self.plan.pause as usize;
        let pause = if self.calm { 500 } else { 1 + self.chance.below(most) as u64 };
        self.clients[index].wakes = self.now + pause;
        if self.clients[index].wire.is_none() {
            return self.come(index);
        }
        if self.calm {
            return Ok(());
        }
        match self.chance.below(22) {
            20 | 21 => self.write_down(index),
            0..=8 => self.talk(index),
            9 => self.acknowledge(index),
            10 => self.show(index),
            11 if self.plan.has(Fault::Cuts) => self.cut(index),
            12 if self.plan.has(Fault::SlowLinks) => self.slow_down(index),
            13 if self.plan.has(Fault::Leavers) => {
                self.leave(index);
                // Another one may be there at once, and have its slot.
                if self.chance.per_mille(500) {
                    return self.identify(index);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes down what it knows.
    fn write_down(&mut self, index: usize) {
        let client = &mut self.clients[index];
        client.saved = client.session.clone().map(|known| (self.now, known));
    }

    /// Loses what it has learnt since it wrote something down, if that was moments ago.
    fn forget_some(&mut self, index: usize) {
        let forgets = self.chance.per_mille(300);
        let client = &mut self.clients[index];
        let Some((at, saved)) = client.saved.take() else { return };
        let Some(known) = client.session.as_mut().filter(|known| known.id == saved.id) else {
            return;
        };
        if forgets && self.now < at + MOMENTS {
            let (shaken, away_since) = (known.shaken, known.away_since);
            *known = Known { shaken, away_since, ..saved };
        }
    }

    /// Comes back with the session that it has, or begins one.
    fn come(&mut self, index: usize) -> Result<(), String> {
        self.forget_some(index);
        let Some(known) = self.clients[index].session.clone() else { return self.identify(index) };
        if self.crews.iter().any(|crew| crew.resuming.iter().any(|one| one.client == index)) {
            return Ok(());
        }
        let deck = known.id.worker(self.crews.len());
        let (now, mut needs) = (self.moment(), Vec::new());
        let crew = &mut self.crews[deck];
        let found = crew.deck.sessions().named(known.id);
        let session = found.and_then(|slot| crew.deck.reference(slot));
        let Some(session) = session else { return self.begin_anew(index, "it is not known") };
        let began =
            crew.act(now, &mut needs, |deck| deck.begin_resume(session, known.sequence.into()));
        match began {
            Ok(rewind) => {
                let wire = self.wire(index);
                let received = known.sequence;
                let resuming = Resuming { client: index, session, rewind, received, wire };
                self.crews[deck].resuming.push_back(resuming);
            }
            Err(Beyond::Mistaken) => {
                return Err(format!(
                    "client {index} is told that it was never given number {}",
                    known.sequence
                ));
            }
            Err(Beyond::Unknown) => {
                crew.act(now, &mut needs, |deck| deck.end(session.slot));
                self.fulfil(deck, needs);
                return self.begin_anew(index, "the journal has lost its end");
            }
        }
        self.fulfil(deck, needs);
        Ok(())
    }

    fn wire(&mut self, index: usize) -> Wire {
        self.links += 1;
        Wire::new(self.links, self.clients[index].room)
    }

    /// Looks back a little further for what a client misses, or lets it go on.
    pub(super) fn look_back(&mut self, deck: usize) -> Result<(), String> {
        let (now, mut needs, looks) = (self.moment(), Vec::new(), 1 + self.chance.below(50));
        let crew = &mut self.crews[deck];
        let Some(mut resuming) = crew.resuming.pop_front() else { return Ok(()) };
        let index = resuming.client;
        match crew.deck.log().step_back(&mut resuming.rewind, looks) {
            Ok(None) => {
                crew.resuming.push_back(resuming);
                return Ok(());
            }
            Err(Lost) => {
                crew.act(now, &mut needs, |deck| deck.end(resuming.session.slot));
                self.fulfil(deck, needs);
                return self.begin_anew(index, "what it missed is gone");
            }
            Ok(Some(from)) => {
                let admission = admission();
                let place = (from, resuming.received);
                let (session, wire) = (resuming.session, resuming.wire.clone());
                let returned = crew.act(now, &mut needs, |deck| {
                    deck.finish_resume(session, wire, place, admission)
                });
                let Some(returned) = returned else {
                    self.fulfil(deck, needs);
                    return self.begin_anew(index, "it has ended");
                };
                if returned.from_restart {
                    crew.flush();
                }
                crew.catch_up(now, &mut needs, &resuming.wire);
            }
        }
        self.fulfil(deck, needs);
        self.summary.resumes += 1;
        let client = &mut self.clients[index];
        client.wire = Some(resuming.wire);
        if let Some(known) = &mut client.session {
            known.away_since = None;
        }
        Ok(())
    }

    /// Gives up a session that is gone, if it may be.
    fn begin_anew(&mut self, index: usize, why: &str) -> Result<(), String> {
        let Some(known) = self.clients[index].session.take() else { return Ok(()) };
        self.trace.note(|| format!("client {index} begins anew: {why}"));
        let away = known.away_since.is_some_and(|since| self.now >= since + RESUME_WINDOW);
        if away || known.shaken >= Shaken::InTheMiddle {
            return Ok(());
        }
        Err(format!("client {index} is told to begin anew ({why})"))
    }

    fn identify(&mut self, index: usize) -> Result<(), String> {
        let user = self.clients[index].user;
        let guilds = self.store.guilds_of(user).now_or_never().and_then(Result::ok);
        let guilds = guilds.unwrap_or_default();
        let deck = self.chance.below(self.crews.len());
        let random = u128::from(self.chance.draw()) << 64 | u128::from(self.chance.draw());
        let id = SessionId::new(random, deck, self.crews.len());
        let identity = self.identity(index);
        let wire = self.wire(index);
        let ready = serde_json::json!({"session_id": id.to_string()}).to_string();
        let ready = Body::dispatch(EventKind::Ready.name(), &ready);
        let (now, mut needs, mut asks) = (self.moment(), Vec::new(), Vec::new());
        let presence = identity.shows();
        let crew = &mut self.crews[deck];
        let newcomer = Newcomer { id, identity, line: wire.clone() };
        let begun = crew.act(now, &mut needs, |deck| deck.begin(newcomer, ready, &guilds));
        let session = begun.ok_or("a session does not begin")?;
        for guild in &guilds {
            let attach = crew.deck.attach(session.slot, *guild, presence.clone(), true);
            asks.extend(attach.map(|attach| (*guild, Ask::Attach(Box::new(attach)))));
        }
        self.fulfil(deck, needs);
        self.fulfil(deck, asks);
        let client = &mut self.clients[index];
        client.wire = Some(wire);
        client.session = Some(Known {
            id,
            sequence: 0,
            guilds: Default::default(),
            digested: Default::default(),
            welcomes: Default::default(),
            shaken: Shaken::No,
            away_since: None,
            awaited: guilds,
        });
        Ok(())
    }

    fn identity(&self, index: usize) -> Identity {
        let client = &self.clients[index];
        let content = Intents::MESSAGE_CONTENT.bits();
        let intents = Intents::from_bits(Intents::ALL.bits() & !content);
        Identity {
            user: client.user,
            bot: !client.passive,
            intents: if client.content { Intents::ALL } else { intents },
            named: true,
            capabilities: if client.passive { throng_engine::policy::PASSIVE_V2 } else { 0 },
            large_threshold: 50,
            shard: None,
            connection: Arc::new(Connection::default()),
            status: Status::Online,
            afk: false,
            activities: Activities::default(),
            pass: Some(admission()),
            began_at: Timestamp::default(),
        }
    }

    /// Reads some of what a link has, or notices that it is closed.
    pub(super) fn read(&mut self, index: usize) -> Result<(), String> {
        let count = if self.calm { 100 } else { 1 + self.chance.below(20) };
        let Some(wire) = self.clients[index].wire.clone() else { return Ok(()) };
        for _ in 0..count {
            let Some(frame) = wire.read() else { break };
            let client = &mut self.clients[index];
            let taken = client.take(&frame, &mut self.oracle);
            self.trace.note(|| format!("client {index} reads {} {}", frame.sequence, frame.text));
            taken.map_err(|what| format!("client {index}: {what}"))?;
        }
        if wire.is_closed() && !wire.has_frames() {
            self.clients[index].wire = None;
            self.go_away(index);
        }
        Ok(())
    }

    pub(super) fn offer(&mut self, index: usize) {
        let Some(wire) = self.clients[index].wire.clone() else { return };
        wire.offered();
        let (now, mut needs) = (self.moment(), Vec::new());
        for deck in 0..self.crews.len() {
            self.crews[deck].catch_up(now, &mut needs, &wire);
            self.fulfil(deck, std::mem::take(&mut needs));
        }
    }

    fn go_away(&mut self, index: usize) {
        let now = self.now;
        if self.chance.per_mille(400) {
            // At once, while passes are under way.
            self.clients[index].wakes = now + 1;
        }
        if let Some(known) = &mut self.clients[index].session {
            known.away_since.get_or_insert(now);
        }
    }

    /// Loses its link; the deck notices now or later.
    pub(super) fn cut(&mut self, index: usize) {
        let Some(wire) = self.clients[index].wire.take() else { return };
        wire.cut();
        let later = if self.chance.per_mille(300) { self.chance.below(5_000) } else { 0 };
        self.dead.push((self.now + later as u64, index, wire));
        self.go_away(index);
    }

    /// Lets decks notice links that are gone.
    pub(super) fn notice_dead(&mut self) {
        let (due, later) = std::mem::take(&mut self.dead)
            .into_iter()
            .partition::<Vec<_>, _>(|(at, ..)| *at <= self.now);
        self.dead = later;
        for (_, _, wire) in due {
            self.drop_link(&wire, false);
        }
    }

    /// Takes a link from the session that has it, which may end for good.
    fn drop_link(&mut self, wire: &Wire, for_good: bool) {
        let now = self.moment();
        for index in 0..self.crews.len() {
            let sessions = self.crews[index].deck.sessions();
            let found = sessions
                .iter()
                .find(|(_, session)| session.line.as_ref().is_some_and(|line| line.is(wire)));
            let Some((slot, _)) = found else { continue };
            let mut needs = Vec::new();
            self.crews[index].act(now, &mut needs, |deck| {
                if for_good { deck.end(slot) } else { deck.detach(slot) }
            });
            self.fulfil(index, needs);
        }
    }

    /// Closes for good.
    fn leave(&mut self, index: usize) {
        let Some(wire) = self.clients[index].wire.take() else { return };
        wire.cut();
        self.drop_link(&wire, true);
        self.clients[index].session = None;
    }

    fn slow_down(&mut self, index: usize) {
        let room = self.chance.pick(&[0, 1, 3, 1_000_000]).unwrap_or(0);
        let client = &mut self.clients[index];
        client.room = room.max(1);
        if let Some(wire) = &client.wire {
            wire.make_room(room);
        }
    }

    fn acknowledge(&mut self, index: usize) {
        let Some(known) = &self.clients[index].session else { return };
        let (id, sequence) = (known.id, known.sequence);
        let deck = id.worker(self.crews.len());
        let Some(slot) = self.crews[deck].deck.sessions().named(id) else { return };
        let (now, mut needs) = (self.moment(), Vec::new());
        self.crews[deck].act(now, &mut needs, |deck| deck.acknowledge(slot, sequence.into()));
        self.fulfil(deck, needs);
    }

    /// Shows another status in all its guilds.
    fn show(&mut self, index: usize) {
        let Some(known) = &self.clients[index].session else { return };
        let id = known.id;
        let statuses = [Status::Online, Status::Idle, Status::Dnd, Status::Invisible];
        let status = self.chance.pick(&statuses).unwrap_or_default();
        let update = PresenceUpdate { status, ..PresenceUpdate::default() };
        let (now, mut needs) = (self.moment(), Vec::new());
        let deck = id.worker(self.crews.len());
        let crew = &mut self.crews[deck];
        let Some(slot) = crew.deck.sessions().named(id) else { return };
        let Some(session) = crew.deck.reference(slot) else { return };
        let guilds: Vec<GuildId> =
            crew.deck.session(slot).into_iter().flat_map(|s| &s.guilds).map(|m| m.guild).collect();
        crew.act(now, &mut needs, |deck| {
            let changed = deck.show(slot, &update);
            for guild in &guilds {
                deck.show_in(slot, *guild, status, changed);
            }
            deck.write_state(slot);
        });
        self.fulfil(deck, needs);
        let user = self.clients[index].user;
        for guild in guilds {
            if let Some(host) = self.hosts.get_mut(&guild) {
                host.requests.push_back(Request::Presence(session, user, update.clone()));
            }
        }
    }

    /// Posts, edits, deletes, or shows that it types.
    fn talk(&mut self, index: usize) {
        let guilds: Vec<GuildId> = self.hosts.keys().copied().collect();
        let Some(guild) = self.chance.pick(&guilds) else { return };
        let channels: Vec<_> = self.hosts[&guild].guild.shape().channels.keys().copied().collect();
        let Some(channel) = self.chance.pick(&channels) else { return };
        let user = self.clients[index].user;
        let own = self.messages.iter().rev().take(20).filter(|one| one.3 == user).copied();
        let own: Vec<_> = own.collect();
        self.links += 1;
        let text = format!("{index} says {}", self.links);
        let (guild, command) = match (self.chance.below(10), self.chance.pick(&own)) {
            (0, Some((guild, channel, message, _))) => {
                (guild, Command::MessageDelete(channel, message))
            }
            (1, Some((guild, channel, message, _))) => {
                let patch = MessagePatch { content: Some(Some(text)), ..MessagePatch::default() };
                (guild, Command::MessageEdit(channel, message, Box::new(patch)))
            }
            (2, _) => (guild, Command::Typing(channel)),
            _ => {
                let draft = MessageDraft { content: Some(text), ..MessageDraft::default() };
                (guild, Command::MessageCreate(channel, Box::new(draft)))
            }
        };
        let actor = Actor::User(self.user(index));
        self.command(guild, actor, command);
    }

    pub(super) fn user(&self, index: usize) -> User {
        let id = self.clients[index].user;
        let found = self.store.user(id).now_or_never().and_then(Result::ok).flatten();
        found.unwrap_or_else(|| User::new(id, format!("user{id}"), false))
    }

    pub(super) fn command(&mut self, guild: GuildId, actor: Actor, command: Command) {
        if let Some(host) = self.hosts.get_mut(&guild) {
            host.requests.push_back(Request::Command(actor, Box::new(command)));
        }
    }
}

fn admission() -> Admission {
    Admission { token: TokenId::of(&[7; 32]), expires_at: None }
}
