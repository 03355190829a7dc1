//! Ending sessions that may not go on, and telling operators of those that are here.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use throng_engine::conversation::Close;
use throng_engine::replay::Slot;
use throng_ports::registry::{
    AttachmentStatus, GuildLoad, SessionDetail, SessionStatus, SessionsWanted,
};
use throng_proto::close::CloseCode;
use throng_proto::id::{GuildId, UserId};
use throng_proto::token::TokenId;

use super::session::Membership;
use super::{Session, Worker, passivity, timer};
use crate::clock;
use crate::metrics::Refused;

/// Guilds of which one answer says how much a session gets.
const DETAILED_MAX: usize = 100;

/// Something that another thread has done here, between two of the worker's steps.
pub(crate) struct Visit(Box<dyn FnOnce(&mut Worker) + Send>);

impl Visit {
    pub(crate) fn new(work: impl FnOnce(&mut Worker) + Send + 'static) -> Self {
        Self(Box::new(work))
    }

    pub(super) fn run(self, worker: &mut Worker) {
        (self.0)(worker);
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visit(..)")
    }
}

/// Whose sessions end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turned {
    /// Everything of a user.
    User(UserId),
    /// What one token of a user let in.
    Token(UserId, TokenId),
    /// The session with these first digits of its id.
    Session(u64),
}

impl Worker {
    /// Ends sessions for good, closes their links with 4004, and returns how many.
    pub(crate) fn turn_out(&mut self, whose: Turned, why: &str) -> usize {
        let slots: Vec<Slot> = match whose {
            Turned::User(user) => self.sessions.of(user).into_vec(),
            Turned::Token(user, token) => {
                let own = self.sessions.of(user).into_iter();
                own.filter(|slot| self.was_let_in_by(*slot, token)).collect()
            }
            Turned::Session(digits) => self.sessions.with_digits(digits).collect(),
        };
        slots.iter().for_each(|slot| self.turn_out_session(*slot, why));
        self.shared.metrics.refuse_many(Refused::TurnedOut, slots.len() as u64);
        slots.len()
    }

    fn was_let_in_by(&self, slot: Slot, token: TokenId) -> bool {
        let session = self.sessions.get(slot as usize);
        session.and_then(|session| session.identity.pass).is_some_and(|pass| pass.token == token)
    }

    fn turn_out_session(&mut self, slot: Slot, why: &str) {
        let Some(session) = self.sessions.get_mut(slot as usize) else { return };
        if let Some(link) = session.link.take() {
            self.turn_away(&link, &Close::because(CloseCode::AuthenticationFailed, why));
            link.session.set(None);
        }
        self.end_session(slot);
    }

    /// Looks at a session again when its token ends.
    pub(crate) fn watch_pass(&mut self, slot: Slot) {
        let Some(session) = self.sessions.get(slot as usize) else { return };
        let Some(end) = session.identity.pass.and_then(|pass| pass.expires_at) else { return };
        let key = timer::Key::Pass(slot, session.generation);
        self.wheel.insert(key, clock::now().after(end.since(clock::wall())));
    }

    /// Ends a session whose token is over, and tells whether it did.
    pub(super) fn expire(&mut self, slot: Slot) -> bool {
        let pass = self.sessions.get(slot as usize).and_then(|session| session.identity.pass);
        let over = pass.is_some_and(|pass| pass.is_over(clock::wall()));
        if over {
            self.shared.metrics.refuse(Refused::TokenExpired);
            self.turn_out_session(slot, "The token has expired.");
        }
        over
    }

    pub(super) fn fire_pass(&mut self, slot: Slot, generation: u32) {
        let session = self.sessions.get(slot as usize);
        if session.is_some_and(|session| session.generation == generation) && !self.expire(slot) {
            // The wheel does not reach that far, or a newer token has taken the place of the old.
            self.watch_pass(slot);
        }
    }

    /// Tells of sessions in order of their ids.
    pub(crate) fn statuses(&self, wanted: SessionsWanted) -> Vec<SessionStatus> {
        let SessionsWanted { user, after, limit } = wanted;
        let mut found: Vec<(u64, Slot)> = match user {
            Some(user) => {
                let own = self.sessions.of(user).into_iter();
                own.filter_map(|slot| Some((self.digits(slot)?, slot))).collect()
            }
            None => self.sessions.all_digits().collect(),
        };
        found.retain(|(digits, _)| *digits > after);
        found.sort_unstable();
        found.truncate(limit);
        found.into_iter().filter_map(|(_, slot)| self.status(slot)).collect()
    }

    fn digits(&self, slot: Slot) -> Option<u64> {
        self.sessions.get(slot as usize).map(|session| session.id.digits())
    }

    fn status(&self, slot: Slot) -> Option<SessionStatus> {
        let session = self.sessions.get(slot as usize)?;
        let identity = &session.identity;
        let link = session.link.as_ref().map(|cell| &cell.link);
        let bytes = link.map(|link| link.bytes()).unwrap_or_default();
        let waiting = link.is_none().then(|| clock::now().since(session.detached_at));
        Some(SessionStatus {
            id: session.id.digits(),
            user_id: identity.user,
            began_at: identity.began_at,
            connected: link.is_some(),
            waiting_ms: waiting.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            address: link.map(|link| link.peer()),
            transport: link.map(|link| link.transport()),
            client: (*identity.connection).clone(),
            intents: identity.intents.bits(),
            shard: identity.shard,
            guilds: session.guilds.len(),
            modes: self.modes(slot, session),
            sequence: session.sequence,
            behind: session.lag.is_some(),
            bytes_sent: bytes.sent,
            bytes_received: bytes.received,
            token_id: identity.pass.map(|pass| pass.token),
            expires_at: identity.pass.and_then(|pass| pass.expires_at),
        })
    }

    /// Tells of one session with its guilds, and asks the policy about them.
    pub(crate) fn detail(&self, digits: u64) -> Option<SessionDetail> {
        let slot = self.sessions.with_digits(digits).next()?;
        let session = self.sessions.get(slot as usize)?;
        let guilds = session.guilds.iter().take(DETAILED_MAX);
        Some(SessionDetail {
            session: self.status(slot)?,
            status: session.identity.status,
            afk: session.identity.afk,
            policy_version: self.shared.policies.status().version,
            attachments: guilds.filter_map(|own| self.attachment(slot, session, own)).collect(),
        })
    }

    fn attachment(
        &self,
        slot: Slot,
        session: &Session,
        membership: &Membership,
    ) -> Option<AttachmentStatus> {
        let relays = self.relays.get(&membership.guild)?;
        let relay = relays.with(slot)?;
        let verdict = passivity::ask(&self.shared, session, &relays.facts, relay, slot)?;
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Some(AttachmentStatus {
            guild_id: membership.guild,
            mode: relay.attachment(slot)?.mode.name(),
            verdict: verdict.mode.name(),
            recheck_ms: verdict.recheck.map(millis),
            subscribed: membership.subscribed,
            sessions: relays.facts.attachments,
        })
    }

    fn modes(&self, slot: Slot, session: &Session) -> BTreeMap<&'static str, usize> {
        let mut modes = BTreeMap::new();
        for membership in &session.guilds {
            let relays = self.relays.get(&membership.guild);
            let relay =
                relays.zip(membership.relay()).and_then(|(all, number)| all.branch.get(number));
            if let Some(attachment) = relay.and_then(|relay| relay.attachment(slot)) {
                *modes.entry(attachment.mode.name()).or_default() += 1;
            }
        }
        modes
    }

    /// Says what guilds cost here.
    pub(crate) fn loads(&self, guilds: &[GuildId]) -> Vec<GuildLoad> {
        let load = |guild: &GuildId| {
            let relays = self.relays.get(guild);
            GuildLoad {
                guild: *guild,
                attachments: relays.map_or(0, |all| all.iter().map(|relay| relay.len()).sum()),
                relays: relays.map_or(0, |all| all.branch.len()),
                size: None,
            }
        };
        guilds.iter().map(load).collect()
    }
}
