//! A client that follows the protocol, and notices when it is told less, more or otherwise than it
//! is due.

mod copy;

use std::collections::BTreeMap;

use serde_json::Value;
use throng_engine::deck::SessionId;
use throng_proto::id::{ChannelId, GuildId, UserId};

pub(crate) use self::copy::Lists;
use crate::line::{Frame, Wire};
use crate::oracle::{Ledger, News, Oracle, digest_of};

/// Ranges of member lists that a client asked for, by channel.
pub(crate) type Wanted = BTreeMap<ChannelId, Vec<[u32; 2]>>;

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
    /// Member lists.
    pub(crate) lists: BTreeMap<GuildId, Lists>,
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
    /// It can take digests of its own kinds instead of messages.
    pub(crate) passive: bool,
    /// What its session asked to see of member lists; not of guilds where that may be lost.
    pub(crate) wanted: BTreeMap<GuildId, Wanted>,
    /// The end of the deck's journal when it asked last.
    pub(crate) wanted_at: usize,
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
        let Self { user, content, session, wanted, .. } = self;
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
                wanted.remove(&guild);
                oracle.news.excuse(known.id, guild);
                leave(known, *user, guild, oracle.guilds.entry(guild).or_default())
            }
            ("PRESENCE_UPDATE" | "TYPING_START" | "GUILD_MEMBER_LIST_UPDATE", Some(guild)) => {
                if !known.guilds.contains_key(&guild) {
                    return Err(format!("L6: {kind} of a guild it is not in"));
                }
                let lists = kind == "GUILD_MEMBER_LIST_UPDATE";
                if lists {
                    known.lists.entry(guild).or_default().follow(&frame.text)
                } else {
                    Ok(())
                }
            }
            ("PASSIVE_UPDATE_V1" | "PASSIVE_UPDATE_V2" | "CHANNEL_UNREAD_UPDATE", Some(guild)) => {
                // A client that has forgotten some is told again.
                let first = oracle.news.hears(known.id, frame.sequence);
                let key = (known.id, guild);
                if first { digest(key, &frame.text, &mut oracle.news) } else { Ok(()) }
            }
            (_, Some(guild)) => {
                let ledger = oracle.guilds.entry(guild).or_default();
                follow(known, (*user, *content), (guild, kind, digest_of(&frame.text)), ledger)
            }
        }
    }

    /// Finds an event of a guild that it is due and has not been told.
    pub(crate) fn untold(&self, oracle: &Oracle, guild: GuildId) -> Option<String> {
        let known = self.session.as_ref()?;
        let rest = &oracle.guilds.get(&guild)?.entries[*known.guilds.get(&guild)?..];
        let entry = rest.iter().find(|entry| entry.is_due(known.id, self.user))?;
        Some(format!("{} {}", entry.kind.name(), entry.sequence))
    }
}

/// A digest names what has changed since the one before (L4).
fn digest(key: (SessionId, GuildId), text: &str, news: &mut News) -> Result<(), String> {
    let whole: Value =
        serde_json::from_str(&format!("{{{text}")).map_err(|error| error.to_string())?;
    let names = ["updated_channels", "channels", "channel_unread_updates"];
    for channel in names.iter().filter_map(|name| whole["d"][name].as_array()).flatten() {
        let [id, last] = ["id", "last_message_id"].map(|name| channel[name].as_str());
        let id = id.and_then(|id| id.parse().ok()).ok_or("a digest without a channel")?;
        let last = last.and_then(|last| last.parse().ok()).ok_or("a digest without a message")?;
        news.tell(key, id, last)?;
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
fn leave(known: &mut Known, user: UserId, guild: GuildId, ledger: &Ledger) -> Result<(), String> {
    let waited = known.awaited.contains(&guild);
    known.awaited.retain(|awaited| *awaited != guild);
    known.lists.remove(&guild);
    let Some(place) = known.guilds.remove(&guild) else {
        // One that it joined just before it lost it, and was told nothing of.
        let joined = ledger.entries.iter().any(|entry| entry.takes_out(user));
        let so = waited || joined || known.shaken != Shaken::No;
        return so.then_some(()).ok_or_else(|| format!("it loses {guild}, in which it is not"));
    };
    let (before, rest) = ledger.entries.split_at(place);
    // After a crash the reason may be one of those that nobody tells any more.
    if known.shaken != Shaken::No
        || ledger.gone
        || before.last().is_some_and(|last| last.takes_out(user))
    {
        return Ok(());
    }
    let Some(until) = rest.iter().position(|entry| entry.takes_out(user)) else {
        return Err(format!("it loses {guild} for no reason"));
    };
    match rest[..until].iter().find(|entry| entry.is_due(known.id, user)) {
        Some(entry) => Err(format!("it lost {guild} before it was told {}", entry.sequence)),
        None => Ok(()),
    }
}

/// The next event that a session is due must be this one.
fn follow(
    known: &mut Known,
    (user, content): (UserId, bool),
    (guild, kind, text): (GuildId, &str, u64),
    ledger: &Ledger,
) -> Result<(), String> {
    let id = known.id;
    let Some(place) = known.guilds.get_mut(&guild) else {
        return Err(format!("L6: {kind} of {guild}, in which it is not"));
    };
    // What happens twice reads alike both times.
    let mut hidden = None;
    while let Some(entry) = ledger.entries.get(*place) {
        *place += 1;
        let (due, alike) = (entry.is_due(id, user), entry.is(text, user, content));
        if alike && entry.kind.name() == kind {
            if due {
                return Ok(());
            }
            hidden.get_or_insert(entry.sequence);
        } else if due {
            let (missed, sequence) = (entry.kind.name(), entry.sequence);
            return Err(format!("F1: {kind} comes instead of {missed} {sequence} of {guild}"));
        }
    }
    Err(match hidden {
        Some(sequence) => format!("L1: {kind} {sequence} of {guild} is not for {user}"),
        None => format!("{kind} of {guild} was never published, or comes twice"),
    })
}
