//! IDENTIFY: from a token to a session with its guilds.

use std::rc::Rc;
use std::sync::Arc;

use throng_engine::conversation::Close;
use throng_engine::deck::{Identity, Newcomer, SessionId};
use throng_engine::policy::Connect;
use throng_proto::close::CloseCode;
use throng_proto::event::EventKind;
use throng_proto::gateway::payload::{self, Control, Ready};
use throng_proto::gateway::{Connection, Identify, Shard, Version};
use throng_proto::id::{GuildId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::{Activities, User};
use throng_proto::time::Timestamp;
use throng_proto::token::Token;
use throng_proto::wire::Wire;

use super::link::{LinkCell, LinkRef, tell_begin, tell_close, tell_invalid};
use super::local::{Local, Worker};
use super::showing;
use super::ties::Gate;
use crate::account::Bearer;
use crate::budgets::Budget;
use crate::clock;
use crate::config::Config;
use crate::metrics::Refused;
use crate::overload::Expense;

/// Members above which a guild counts as large, when a client does not say. Discord: 50.
const LARGE_THRESHOLD: u64 = 50;

/// Why no session begins.
enum Denied {
    Close(Refused, Close),
    /// As [`Denied::Close`], counted already.
    Busy(Close),
    /// Op 9: the client may try again after a while.
    Later(Refused),
}

/// Begins a session on a link, or refuses.
pub(super) async fn run(local: Local, cell: Rc<LinkCell>, identify: Box<Identify>) {
    let gate = Arc::clone(&local.borrow().ties.gate);
    let mut user = None;
    match let_in(&gate, &identify, cell.version, &mut user).await {
        Ok(admitted) => {
            let mut worker = local.borrow_mut();
            if identify.compress && cell.wire.get() == Wire::Text {
                cell.wire.set(Wire::PayloadZlib);
                cell.link.set_wire(Wire::PayloadZlib);
            }
            worker.begin(&cell, admitted);
        }
        Err(Denied::Close(why, close)) => {
            gate.meter.refuse(why);
            tell_close(&cell, user, None, &close);
            cell.close(&close);
        }
        Err(Denied::Busy(close)) => {
            tell_close(&cell, user, None, &close);
            cell.close(&close);
        }
        Err(Denied::Later(why)) => {
            gate.meter.refuse(why);
            tell_invalid(&cell, user, None, why.name());
            invalidate(&gate.settings, &cell);
        }
    }
}

/// Answers op 9, after which the client may IDENTIFY on the same link.
pub(super) fn invalidate(settings: &Config, cell: &LinkCell) {
    let limits = settings.conversation();
    cell.converse(|conversation| conversation.start_over(clock::now(), &limits));
    cell.control(Control::InvalidSession.text());
}

/// Lets somebody in whose token was not taken away meanwhile.
///
/// Nothing is awaited between the last look and the beginning of the session, so that whatever is
/// taken away later finds the session. Whoever asks is noted as soon as that is known.
async fn let_in(
    gate: &Gate,
    identify: &Identify,
    version: Version,
    who: &mut Option<UserId>,
) -> Result<Admitted, Denied> {
    let mut admitted = admit(gate, identify, version, who).await?;
    while admitted.era != gate.archive.accounts.era() {
        match authenticate(gate, &identify.token).await {
            Ok(entry) => admitted.era = entry.era,
            Err(denied) => {
                gate.bounds.sessions.lock().leave(admitted.user.id);
                return Err(denied);
            }
        }
    }
    Ok(admitted)
}

/// Who may begin a session, and with which guilds.
struct Admitted {
    era: u64,
    user: Arc<User>,
    identity: Identity,
    guilds: Vec<GuildId>,
}

async fn admit(
    gate: &Gate,
    identify: &Identify,
    version: Version,
    who: &mut Option<UserId>,
) -> Result<Admitted, Denied> {
    // Nobody closes it, so this is always a turn.
    let _turn = gate.bounds.identifying.acquire().await;
    let Bearer { user, admission, era } = authenticate(gate, &identify.token).await?;
    *who = Some(user.id);
    let identity = identity(gate, &user, identify, version)?;
    let identity = Identity { pass: Some(admission), began_at: clock::wall(), ..identity };
    let concurrency = gate.settings.gateway.max_concurrency;
    let bucket = identity.shard.map_or(0, |shard| shard.id % concurrency);
    let taken = gate.bounds.identifies.lock().take((user.id, bucket), clock::now());
    taken.map_err(|_| Denied::Later(Refused::IdentifyRate))?;
    gate.verdicts.overload.afford(Expense::Identify).map_err(|after| {
        let detail = format!("Too much to do. Retry after {} s.", after.as_secs());
        Denied::Busy(Close::because(CloseCode::UnknownError, &detail))
    })?;
    let verdict = gate.verdicts.policy.connect(clock::wall(), &identity.facts());
    if let Connect::Refuse { reason, retry_after } = verdict {
        let detail = format!("{reason} Retry after {} s.", retry_after.as_secs());
        let close = Close::because(CloseCode::UnknownError, &detail);
        return Err(Denied::Close(Refused::Policy, close));
    }
    let key = user.id.value();
    let later = |_| Denied::Later(Refused::GuildsEntered);
    gate.bounds.budgets.afford(Budget::GuildsEntered, key).map_err(later)?;
    let guilds = gate.archive.store.guilds_of(user.id).await.map_err(|error| {
        let close = Close::because(CloseCode::UnknownError, &error.to_string());
        Denied::Close(Refused::StoreFailed, close)
    })?;
    let guilds: Vec<GuildId> = guilds.into_iter().filter(|guild| identity.has(*guild)).collect();
    // Only bots can do anything about it.
    if user.bot && guilds.len() > gate.settings.limits.guilds_per_shard {
        let close = Close::plain(CloseCode::ShardingRequired);
        return Err(Denied::Close(Refused::GuildsPerShard, close));
    }
    if !gate.bounds.sessions.lock().enter(user.id, gate.settings.limits.sessions_per_user) {
        let close = Close::plain(CloseCode::TooManySessions);
        return Err(Denied::Close(Refused::SessionsPerUser, close));
    }
    gate.bounds.budgets.charge(Budget::GuildsEntered, key, 1 + guilds.len() as u64);
    Ok(Admitted { era, user, identity, guilds })
}

async fn authenticate(gate: &Gate, token: &str) -> Result<Bearer, Denied> {
    match gate.archive.accounts.owner(&Token::parse(token)).await {
        Ok(Some(entry)) => Ok(entry),
        Ok(None) => {
            let close = Close::plain(CloseCode::AuthenticationFailed);
            Err(Denied::Close(Refused::BadToken, close))
        }
        Err(error) => {
            let close = Close::because(CloseCode::UnknownError, &error.to_string());
            Err(Denied::Close(Refused::StoreFailed, close))
        }
    }
}

fn identity(
    gate: &Gate,
    user: &User,
    identify: &Identify,
    version: Version,
) -> Result<Identity, Denied> {
    let (intents, named) = intents(gate, user, identify.intents)?;
    // What an operator has taken away no version brings back.
    let disallowed = Intents::from_bits(gate.settings.gateway.intents_disallowed);
    let content = version.intents(intents);
    let intents = if content.intersects(disallowed) { intents } else { content };
    let shard =
        match &identify.shard {
            Some(shard) => Some(Shard::parse(shard).ok_or_else(|| {
                Denied::Close(Refused::Shard, Close::plain(CloseCode::InvalidShard))
            })?),
            None => None,
        };
    let presence = identify.presence.clone().unwrap_or_default();
    let presence = showing::fitted(&gate.settings, &gate.meter, presence, &Activities::default());
    let threshold = identify.large_threshold.unwrap_or(LARGE_THRESHOLD).clamp(25, 250);
    Ok(Identity {
        user: user.id,
        bot: user.bot,
        intents,
        named,
        capabilities: identify.capabilities.unwrap_or(0),
        large_threshold: u16::try_from(threshold).unwrap_or(250),
        shard,
        connection: Arc::new(Connection::parse(&identify.properties)),
        status: presence.status,
        afk: presence.afk,
        activities: presence.activities,
        pass: None,
        began_at: Timestamp::default(),
    })
}

/// Reads intents. A user's own client may leave them out and gets them all; a bot must name them.
fn intents(gate: &Gate, user: &User, bits: Option<i64>) -> Result<(Intents, bool), Denied> {
    let refused = |code| Denied::Close(Refused::Intents, Close::plain(code));
    let Some(bits) = bits else {
        return if user.bot {
            let detail = "Bots must name their intents.";
            Err(Denied::Close(Refused::Intents, Close::because(CloseCode::InvalidIntents, detail)))
        } else {
            Ok((Intents::ALL, false))
        };
    };
    let parsed = u64::try_from(bits).ok().and_then(Intents::parse);
    let intents = parsed.ok_or_else(|| refused(CloseCode::InvalidIntents))?;
    let disallowed = Intents::from_bits(gate.settings.gateway.intents_disallowed);
    if intents.intersects(disallowed) {
        return Err(refused(CloseCode::DisallowedIntents));
    }
    Ok((intents, true))
}

impl Worker {
    /// Opens the session, says READY, and asks its guilds to take it.
    fn begin(&mut self, cell: &Rc<LinkCell>, admitted: Admitted) {
        let Admitted { user, mut identity, guilds, .. } = admitted;
        identity.connection = self.ties.gate.connections.share(identity.connection);
        let id = SessionId::new(rand::random(), self.index, self.ties.post.worker_count());
        let ready = Ready {
            session_id: id.to_string(),
            user: &user,
            shard: identity.shard,
            guilds: &guilds,
            version: cell.version,
            resume_gateway_url: cell.link.told().unwrap_or(&self.ties.gate.facts.gateway_url),
        };
        let ready = payload::dispatch(EventKind::Ready, &ready);
        let (presence, line) = (identity.shows(), LinkRef::from(cell));
        let begun = self.act(|deck| deck.begin(Newcomer { id, identity, line }, ready, &guilds));
        let Some(session) = begun else { return };
        cell.session.set(Some(session));
        if let Some(known) = self.deck.find(session) {
            tell_begin(cell, known, false);
        }
        self.enter_guilds(session.slot, guilds, presence);
    }
}
