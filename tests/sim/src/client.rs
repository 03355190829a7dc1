//! A client that follows the protocol, and notices when it is told less, more or otherwise than it
//! is due.

use std::collections::BTreeMap;

use throng_engine::deck::SessionId;
use throng_proto::event::{EventClass, EventKind};
use throng_proto::id::{GuildId, UserId};

use crate::line::{Frame, Wire};
use crate::oracle::{Ledger, Oracle, digest_of};

/// What a session has lived through, and what its client must be ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shaken {
    /// Nothing.
    No,
    /// The death of a process, or of a guild's task; everything that it had is there.
    Lightly,
    /// As before, while something was on its way that is not kept: it may have to begin anew.
    InTheMiddle,
    /// The death of a machine, or damage.
    Badly,
}

/// A session as its client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: SessionId,
    pub(crate) sequence: u32,
    /// In each guild that it was told of: the place among the guild's events up to which it knows.
    pub(crate) guilds: BTreeMap<GuildId, usize>,
    /// Last messages of channels, as digests told it.
    pub(crate) digested: BTreeMap<String, String>,
    /// How often it was told of each by GUILD_CREATE.
    pub(crate) welcomes: BTreeMap<GuildId, usize>,
    /// What it lived through.
    pub(crate) shaken: Shaken,
    /// Since when it has no link.
    pub(crate) away_since: Option<u64>,
    /// Its guilds were told with READY and not yet by GUILD_CREATE or GUILD_DELETE.
    pub(crate) awaited: Vec<GuildId>,
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) user: UserId,
    /// Its intents give it content.
    pub(crate) content: bool,
    /// It takes digests instead of messages.
    pub(crate) passive: bool,
    pub(crate) session: Option<Known>,
    /// What it had written down a while ago, and when: all that it knows when it loses its state.
    pub(crate) saved: Option<(u64, Known)>,
    pub(crate) wire: Option<Wire>,
    /// When it acts next.
    pub(crate) wakes: u64,
    /// What its link has room for.
    pub(crate) room: usize,
    pub(crate) received: u64,
}

impl Client {
    /// Takes one frame.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn take(&mut self, frame: &Frame, oracle: &mut Oracle) -> Result<(), String> {
        let Self { user, content, passive, session, .. } = self;
        let Some(known) = session else { return Err("a frame without a session".to_owned()) };
        if frame.sequence != known.sequence + 1 {
            let (came, last) = (frame.sequence, known.sequence);
            return Err(format!("F1: number {came} comes after {last}"));
        }
        known.sequence = frame.sequence;
        self.received += 1;
        let kind = kind_of(&frame.text);
        match (kind, frame.guild) {
            ("READY", None) => Ok(()),
            ("RESUMED", None) => {
                // It has everything, so nothing is an excuse any more to let it begin anew.
                known.shaken = known.shaken.min(Shaken::Lightly);
                Ok(())
            }
            (_, None) => Err(format!("{kind} is about no guild")),
            ("GUILD_CREATE", Some(guild)) => welcome(known, guild, oracle),
            ("GUILD_DELETE", Some(guild)) => {
                leave(known, (*user, *passive), guild, oracle.guilds.entry(guild).or_default())
            }
            ("PRESENCE_UPDATE" | "TYPING_START", Some(guild)) => {
                let knows = known.guilds.contains_key(&guild);
                knows.then_some(()).ok_or_else(|| format!("L6: {kind} of a guild it is not in"))
            }
            ("PASSIVE_UPDATE_V1" | "PASSIVE_UPDATE_V2" | "CHANNEL_UNREAD_UPDATE", _) => {
                if !*passive {
                    return Err("a digest for who is active".to_owned());
                }
                digest(known, &frame.text)
            }
            (_, Some(guild)) => {
                let who = (*user, *content, *passive);
                let ledger = oracle.guilds.entry(guild).or_default();
                follow(known, who, (guild, kind, digest_of(&frame.text)), ledger)
            }
        }
    }

    /// Finds what it has not been told, now that everything is calm.
    ///
    /// # Errors
    ///
    /// What is missing.
    pub(crate) fn check_calm(&self, oracle: &Oracle) -> Result<(), String> {
        let Some(known) = &self.session else { return Err("it has no session".to_owned()) };
        for (guild, place) in &known.guilds {
            let rest = &oracle.guilds[guild].entries[*place..];
            let mut due = rest.iter().filter(|entry| entry.is_due(known.id, self.user));
            if let Some(entry) = due.find(|entry| !self.passive || !is_spared(entry.kind)) {
                let (sequence, kind) = (entry.sequence, entry.kind.name());
                return Err(format!("{kind} {sequence} of {guild} was never told"));
            }
        }
        Ok(())
    }
}

/// A digest names what has changed since the one before (L4).
fn digest(known: &mut Known, text: &str) -> Result<(), String> {
    let payload: serde_json::Value =
        serde_json::from_str(&format!("{{{text}")).map_err(|error| error.to_string())?;
    for channel in payload["d"]["updated_channels"].as_array().into_iter().flatten() {
        let [id, last] = ["id", "last_message_id"].map(|key| channel[key].to_string());
        if known.digested.insert(id.clone(), last.clone()) == Some(last) {
            return Err(format!("L4: a digest tells the same of {id} again"));
        }
    }
    Ok(())
}

/// Returns the name of a dispatch: `"op":0,"t":"NAME",...`.
fn kind_of(text: &str) -> &str {
    let after = text.split_once("\"t\":\"").map_or("", |(_, after)| after);
    after.split_once('"').map_or("", |(kind, _)| kind)
}

fn welcome(known: &mut Known, guild: GuildId, oracle: &mut Oracle) -> Result<(), String> {
    let grants = oracle.grants.entry((known.id, guild)).or_default();
    let welcomes = known.welcomes.entry(guild).or_default();
    let Some(place) = grants.get(*welcomes) else {
        return Err(format!("GUILD_CREATE of {guild} though the guild has granted nothing"));
    };
    *welcomes += 1;
    let place = usize::try_from(*place).unwrap_or(0);
    known.awaited.retain(|awaited| *awaited != guild);
    match known.guilds.insert(guild, place) {
        None => Ok(()),
        Some(_) => Err(format!("GUILD_CREATE of {guild} twice")),
    }
}

/// A session loses a guild: it was told everything before, and the reason.
fn leave(
    known: &mut Known,
    (user, passive): (UserId, bool),
    guild: GuildId,
    ledger: &Ledger,
) -> Result<(), String> {
    let waited = known.awaited.contains(&guild);
    known.awaited.retain(|awaited| *awaited != guild);
    let Some(place) = known.guilds.remove(&guild) else {
        let so = waited || known.shaken != Shaken::No;
        return so.then_some(()).ok_or_else(|| format!("it loses {guild}, in which it is not"));
    };
    let (before, rest) = ledger.entries.split_at(place);
    // After a crash the reason may be one of those that nobody tells any more.
    if known.shaken != Shaken::No || before.last().is_some_and(|last| last.left == Some(user)) {
        return Ok(());
    }
    let Some(until) = rest.iter().position(|entry| entry.left == Some(user)) else {
        return Err(format!("it loses {guild} for no reason"));
    };
    let mut due = rest[..until].iter().filter(|entry| entry.is_due(known.id, user));
    match due.find(|entry| !passive || !is_spared(entry.kind)) {
        Some(entry) => Err(format!("it lost {guild} before it was told {}", entry.sequence)),
        None => Ok(()),
    }
}

/// Tells whether who is passive need not get it: a digest tells of messages, and nothing of others.
fn is_spared(kind: EventKind) -> bool {
    kind.class() != EventClass::Structure
}

/// The next event that a session is due must be this one.
fn follow(
    known: &mut Known,
    (user, content, passive): (UserId, bool, bool),
    (guild, kind, text): (GuildId, &str, u64),
    ledger: &Ledger,
) -> Result<(), String> {
    let id = known.id;
    let Some(place) = known.guilds.get_mut(&guild) else {
        return Err(format!("L6: {kind} of {guild}, in which it is not"));
    };
    while let Some(entry) = ledger.entries.get(*place) {
        *place += 1;
        if entry.is(text, user, content) && entry.kind.name() == kind {
            let due = entry.is_due(id, user);
            return due.then_some(()).ok_or_else(|| {
                format!("L1: {kind} {} of {guild} is not for {user}", entry.sequence)
            });
        }
        if entry.is_due(id, user) && !(passive && is_spared(entry.kind)) {
            let (missed, sequence) = (entry.kind.name(), entry.sequence);
            return Err(format!("F1: {kind} comes instead of {missed} {sequence} of {guild}"));
        }
    }
    Err(format!("{kind} of {guild} was never published, or comes twice"))
}
