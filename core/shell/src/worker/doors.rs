//! Ending sessions that may not go on, and telling operators of those that are here.

use std::collections::BTreeMap;
use std::time::Duration;

use throng_engine::deck::{GuildRelays, Membership, Session};
use throng_engine::replay::Slot;
use throng_ports::registry::{
    AttachmentStatus, GuildLoad, SessionDetail, SessionStatus, SessionsWanted,
};
use throng_proto::id::GuildId;
use throng_proto::token::TokenId;

use super::link::LinkRef;
use super::local::Worker;
use crate::clock;
use crate::letter::{Inquiry, Turned};
use crate::metrics::Refused;

/// Guilds of which one answer says how much a session gets.
const DETAILED_MAX: usize = 100;

impl Worker {
    /// Does what an operator asks. Whoever asked may have gone.
    pub(super) fn answer(&mut self, inquiry: Inquiry) {
        match inquiry {
            Inquiry::TurnOut(whose, why, answer) => _ = answer.send(self.turn_out(whose, why)),
            Inquiry::Statuses(wanted, answer) => _ = answer.send(self.statuses(wanted)),
            Inquiry::Detail(digits, answer) => _ = answer.send(self.detail(digits)),
            Inquiry::Loads(guilds, answer) => _ = answer.send(self.loads(&guilds)),
        }
    }

    /// Ends sessions for good, closes their links with 4004, and returns how many.
    fn turn_out(&mut self, whose: Turned, why: &str) -> usize {
        let slots: Vec<Slot> = match whose {
            Turned::User(user) => self.deck.sessions().of(user).into_vec(),
            Turned::Token(user, token) => {
                let own = self.deck.sessions().of(user).into_iter();
                own.filter(|slot| self.was_let_in_by(*slot, token)).collect()
            }
            Turned::Session(digits) => self.deck.sessions().with_digits(digits).collect(),
        };
        self.act(|deck| slots.iter().for_each(|slot| deck.turn_out(*slot, why)));
        self.ties.meter.refuse_many(Refused::TurnedOut, slots.len() as u64);
        slots.len()
    }

    fn was_let_in_by(&self, slot: Slot, token: TokenId) -> bool {
        let session = self.deck.session(slot);
        session.and_then(|session| session.identity.pass).is_some_and(|pass| pass.token == token)
    }

    /// Tells of sessions in order of their ids.
    fn statuses(&self, wanted: SessionsWanted) -> Vec<SessionStatus> {
        let SessionsWanted { user, after, limit } = wanted;
        let mut found: Vec<(u64, Slot)> = match user {
            Some(user) => {
                let own = self.deck.sessions().of(user).into_iter();
                own.filter_map(|slot| Some((self.digits(slot)?, slot))).collect()
            }
            None => self.deck.sessions().all_digits().collect(),
        };
        found.retain(|(digits, _)| *digits > after);
        found.sort_unstable();
        found.truncate(limit);
        found.into_iter().filter_map(|(_, slot)| self.status(slot)).collect()
    }

    fn digits(&self, slot: Slot) -> Option<u64> {
        self.deck.session(slot).map(|session| session.id.digits())
    }

    fn status(&self, slot: Slot) -> Option<SessionStatus> {
        let session = self.deck.session(slot)?;
        let identity = &session.identity;
        let link = session.line.as_ref().map(|line| &line.link);
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
            behind: session.is_behind(),
            bytes_sent: bytes.sent,
            bytes_received: bytes.received,
            token_id: identity.pass.map(|pass| pass.token),
            expires_at: identity.pass.and_then(|pass| pass.expires_at),
        })
    }

    /// Tells of one session with its guilds, and asks the policy about them.
    fn detail(&mut self, digits: u64) -> Option<SessionDetail> {
        self.deck.at(clock::moment());
        let slot = self.deck.sessions().with_digits(digits).next()?;
        let session = self.deck.session(slot)?;
        let guilds = session.guilds.iter().take(DETAILED_MAX);
        Some(SessionDetail {
            session: self.status(slot)?,
            status: session.identity.status,
            afk: session.identity.afk,
            policy_version: self.ties.verdicts.host.status().version,
            attachments: guilds.filter_map(|own| self.attachment(slot, own)).collect(),
        })
    }

    fn attachment(&self, slot: Slot, membership: &Membership) -> Option<AttachmentStatus> {
        let relays = self.deck.relays(membership.guild)?;
        let mode = relays.relay_of(membership)?.attachment(slot)?.mode;
        let verdict = self.deck.verdict(slot, membership.guild)?;
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Some(AttachmentStatus {
            guild_id: membership.guild,
            mode: mode.name(),
            verdict: verdict.mode.name(),
            recheck_ms: verdict.recheck.map(millis),
            subscribed: membership.subscribed,
            sessions: relays.facts().attachments,
        })
    }

    fn modes(&self, slot: Slot, session: &Session<LinkRef>) -> BTreeMap<&'static str, usize> {
        let mut modes = BTreeMap::new();
        for membership in &session.guilds {
            let relays = self.deck.relays(membership.guild);
            let relay = relays.and_then(|relays| relays.relay_of(membership));
            if let Some(attachment) = relay.and_then(|relay| relay.attachment(slot)) {
                *modes.entry(attachment.mode.name()).or_default() += 1;
            }
        }
        modes
    }

    /// Says what guilds cost here.
    fn loads(&self, guilds: &[GuildId]) -> Vec<GuildLoad> {
        let load = |guild: &GuildId| {
            let relays = self.deck.relays(*guild);
            GuildLoad {
                guild: *guild,
                attachments: relays.map_or(0, |all| all.iter().map(|relay| relay.len()).sum()),
                relays: relays.map_or(0, GuildRelays::len),
                size: None,
            }
        };
        guilds.iter().map(load).collect()
    }
}
