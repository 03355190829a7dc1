//! Sessions: they begin, go on with another link, and begin anew.

use std::sync::Arc;

use futures_util::FutureExt as _;
use throng_engine::deck::{Admission, Ask, Beyond, Identity, Newcomer, SessionId};
use throng_engine::policy::Connect;
use throng_engine::replay::Lost;
use throng_ports::store::Store as _;
use throng_proto::event::EventKind;
use throng_proto::gateway::Connection;
use throng_proto::intents::Intents;
use throng_proto::model::{Activities, Status};
use throng_proto::time::Timestamp;
use throng_proto::token::TokenId;
use throng_proto::wire::Body;

use super::World;
use crate::client::{Known, Shaken};
use crate::crew::Resuming;
use crate::fault::Fault;
use crate::line::Wire;

/// Within which time a client may lose its state and still go on: decks keep what it has
/// acknowledged for 30 s.
const MOMENTS: u64 = 25_000;
/// How long a session waits for its client, as the decks are told.
const RESUME_WINDOW: u64 = 60_000;

impl World {
    /// Loses what it has learnt since it wrote something down, if that was moments ago.
    pub(super) fn forget_some(&mut self, index: usize) {
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
    pub(super) fn come(&mut self, index: usize) -> Result<(), String> {
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

    pub(super) fn wire(&mut self, index: usize) -> Wire {
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
    pub(super) fn begin_anew(&mut self, index: usize, why: &str) -> Result<(), String> {
        let Some(known) = self.clients[index].session.take() else { return Ok(()) };
        self.trace.note(format_args!("client {index} begins anew: {why}"));
        let away = known.away_since.is_some_and(|since| self.now >= since + RESUME_WINDOW);
        // A log that keeps little may have lost what it missed.
        let small = self.plan.has(Fault::SmallLogs) && known.away_since.is_some();
        if away || small || known.shaken >= Shaken::InTheMiddle {
            return Ok(());
        }
        Err(format!("client {index} is told to begin anew ({why})"))
    }

    pub(super) fn identify(&mut self, index: usize) -> Result<(), String> {
        let identity = self.identity(index);
        let connect = self.council.policy().connect(self.wall(), &identity.facts());
        if connect != Connect::Admit || !self.pressure.admits() {
            return Ok(());
        }
        let user = self.clients[index].user;
        let guilds = self.store.guilds_of(user).now_or_never().and_then(Result::ok);
        let guilds = guilds.unwrap_or_default();
        let deck = self.chance.below(self.crews.len());
        let random = u128::from(self.chance.draw()) << 64 | u128::from(self.chance.draw());
        let id = SessionId::new(random, deck, self.crews.len());
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
        client.wanted.clear();
        client.session = Some(Known {
            id,
            sequence: 0,
            guilds: Default::default(),
            lists: Default::default(),
            welcomes: Default::default(),
            shaken: Shaken::No,
            away_since: None,
            awaited: guilds,
        });
        Ok(())
    }

    pub(super) fn identity(&self, index: usize) -> Identity {
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
}

fn admission() -> Admission {
    Admission { token: TokenId::of(&[7; 32]), expires_at: None }
}
