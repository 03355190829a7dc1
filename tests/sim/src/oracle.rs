//! What must be: a plain account of who may see what, in which order, kept beside the machines.
//!
//! Nothing here is the engine's: permissions are computed anew from roles and overwrites, and
//! everybody's due is a list that is walked once.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use throng_engine::deck::SessionId;
use throng_engine::event::{Change, Event};
use throng_engine::guild::Guild;
use throng_proto::event::{EventKind, Scope};
use throng_proto::id::{ChannelId, GuildId, UserId};
use throng_proto::model::OverwriteKind;
use throng_proto::permissions::Permissions;
use throng_proto::wire::Body;

/// What was published by a guild, in order.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
    /// Sequence of the last event in the store.
    pub(crate) stored: u64,
}

/// A published event.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) kind: EventKind,
    full: u64,
    stripped: Option<u64>,
    /// Who may see it.
    audience: BTreeSet<UserId>,
    /// Who may read its content whatever its intents say.
    readers: BTreeSet<UserId>,
    /// Whom it takes out of the guild.
    pub(crate) left: Option<UserId>,
    /// Sessions that were told of it later, as the guild was then; and whether they may see it.
    later: BTreeMap<SessionId, bool>,
}

impl Entry {
    /// Tells whether a session of a user is due it.
    pub(crate) fn is_due(&self, session: SessionId, user: UserId) -> bool {
        self.later.get(&session).copied().unwrap_or_else(|| self.audience.contains(&user))
    }

    /// Tells whether what a session got is this event, in the form that it may have.
    pub(crate) fn is(&self, text: u64, user: UserId, content: bool) -> bool {
        let may = content || self.readers.contains(&user);
        match self.stripped {
            Some(stripped) if !may => text == stripped,
            _ => text == self.full,
        }
    }
}

/// Everything that was published.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) guilds: BTreeMap<GuildId, Ledger>,
    /// Up to where a session knows a guild that has granted it a place, in the order of grants.
    pub(crate) grants: BTreeMap<(SessionId, GuildId), Vec<u64>>,
}

impl Oracle {
    /// Notes what a guild publishes.
    ///
    /// # Errors
    ///
    /// It publishes what is not stored (G1), or out of order (G2).
    pub(crate) fn publish(&mut self, guild: &Guild, event: &Arc<Event>) -> Result<(), String> {
        if event.sequence == 0 {
            return Ok(());
        }
        let ledger = self.guilds.entry(event.guild).or_default();
        if event.sequence > ledger.stored {
            return Err(format!("G1: event {} is published before it is stored", event.sequence));
        }
        let last = ledger.entries.last().map_or(0, |entry| entry.sequence);
        if event.sequence != last + 1 {
            return Err(format!("G2: event {} is published after {last}", event.sequence));
        }
        ledger.entries.push(entry(guild, event));
        Ok(())
    }

    /// Notes events that were stored, but that nobody published before a crash.
    pub(crate) fn recover(&mut self, guild: &Guild, events: &[Event]) {
        let ledger = self.guilds.entry(guild.shape().id()).or_default();
        for event in events {
            let last = ledger.entries.last().map_or(0, |entry| entry.sequence);
            if event.sequence == last + 1 {
                let event = Arc::new(Event { change: Change::Nothing, ..event_of(event) });
                ledger.entries.push(entry(guild, &event));
            }
        }
    }

    /// Notes that a session is told of events later than others, as the guild is now.
    pub(crate) fn tell_later(
        &mut self,
        guild: &Guild,
        (session, user): (SessionId, UserId),
        events: &[Arc<Event>],
    ) {
        let Some(ledger) = self.guilds.get_mut(&guild.shape().id()) else { return };
        for event in events {
            let may = may_see(guild, user, event);
            let index = usize::try_from(event.sequence).unwrap_or(0).checked_sub(1);
            let entry = index.and_then(|index| ledger.entries.get_mut(index));
            entry.into_iter().for_each(|entry| _ = entry.later.insert(session, may));
        }
    }
}

fn event_of(event: &Event) -> Event {
    Event {
        kind: event.kind,
        guild: event.guild,
        sequence: event.sequence,
        scope: event.scope,
        body: event.body.clone(),
        stripped: event.stripped.clone(),
        answered: None,
        author: event.author,
        mentions: event.mentions.clone(),
        change: Change::Nothing,
    }
}

fn entry(guild: &Guild, event: &Arc<Event>) -> Entry {
    let users: Vec<UserId> = guild.roster().iter().map(|entry| entry.user()).collect();
    let left = left_of(event);
    // Who leaves on its own knows.
    let told = left.filter(|user| event.author != Some(*user));
    let audience = users.into_iter().chain(told).filter(|user| may_see(guild, *user, event));
    let readers = event.author.into_iter().chain(event.mentions.users.iter().copied());
    Entry {
        sequence: event.sequence,
        kind: event.kind,
        full: digest(&event.body),
        stripped: event.stripped.as_ref().map(digest),
        audience: audience.collect(),
        readers: readers.collect(),
        left,
        later: BTreeMap::new(),
    }
}

/// Returns whom an event takes out of the guild, as its payload says.
fn left_of(event: &Event) -> Option<UserId> {
    if event.kind != EventKind::GuildMemberRemove {
        return None;
    }
    let text = format!("{{{}", text_of(&event.body));
    let payload: serde_json::Value = serde_json::from_str(&text).ok()?;
    payload["d"]["user"]["id"].as_str()?.parse().ok()
}

/// Returns what follows the sequence.
fn text_of(body: &Body) -> String {
    let mut text = String::new();
    for segment in body.segments() {
        text.push_str(&String::from_utf8_lossy(segment.text()));
    }
    text
}

/// Hashes what follows the sequence.
fn digest(body: &Body) -> u64 {
    digest_of(&text_of(body))
}

/// As [`digest`], of a text.
pub(crate) fn digest_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn may_see(guild: &Guild, user: UserId, event: &Event) -> bool {
    match event.scope {
        Scope::Guild => true,
        Scope::User(only) => only == user,
        Scope::Channel(channel) => allows(guild, user, channel, Permissions::VIEW_CHANNEL),
        Scope::Managers(channel) => allows(guild, user, channel, Permissions::MANAGE_CHANNELS),
    }
}

/// Computes a permission the long way round: @everyone, roles, then the member.
fn allows(guild: &Guild, user: UserId, channel: ChannelId, wanted: Permissions) -> bool {
    let shape = guild.shape();
    if shape.guild.owner_id == user {
        return true;
    }
    let Some(member) = guild.member(user) else { return false };
    let Some(channel) = shape.channels.get(&channel) else { return false };
    let roles = &member.profile.roles;
    let everyone = shape.guild.id.cast();
    let mut may = shape.roles[&everyone].permissions.contains(wanted);
    for (id, role) in shape.roles.iter().filter(|(id, _)| roles.contains(id)) {
        may |= role.permissions.contains(wanted) && *id != everyone;
        if role.permissions.contains(Permissions::ADMINISTRATOR) {
            return true;
        }
    }
    let own = |which: &dyn Fn(&throng_proto::model::Overwrite) -> bool| {
        let overwrites = channel.permission_overwrites.iter().filter(|one| which(one));
        overwrites.fold((false, false), |(allow, deny), one| {
            (allow | one.allow.contains(wanted), deny | one.deny.contains(wanted))
        })
    };
    let is_everyone = |one: &throng_proto::model::Overwrite| one.id == everyone.cast();
    let steps = [
        own(&|one| one.kind == OverwriteKind::Role && is_everyone(one)),
        own(&|one| {
            let held = roles.iter().any(|role| one.id == role.cast());
            one.kind == OverwriteKind::Role && !is_everyone(one) && held
        }),
        own(&|one| one.kind == OverwriteKind::Member && one.id == user.cast()),
    ];
    for (allow, deny) in steps {
        may = (may && !deny) || allow;
    }
    may
}
