//! A published event, and who is due it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use serde_json::Value;
use throng_engine::deck::SessionId;
use throng_engine::event::Event;
use throng_proto::event::EventKind;
use throng_proto::id::UserId;
use throng_proto::wire::Body;

/// A published event.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) kind: EventKind,
    full: u64,
    stripped: Option<u64>,
    /// Who may see it.
    audience: Rc<BTreeSet<UserId>>,
    /// Who may read its content whatever its intents say.
    readers: Vec<UserId>,
    /// Whom it takes out of the guild.
    left: Option<UserId>,
    /// Sessions that were told of it later, as the guild was then; and whether they may see it.
    later: BTreeMap<SessionId, bool>,
    /// Sessions from which the policy withheld it, as their deck had it when it heard of it.
    withheld: BTreeSet<SessionId>,
}

impl Entry {
    pub(super) fn new(event: &Event, audience: Rc<BTreeSet<UserId>>) -> Self {
        let readers = event.author.into_iter().chain(event.mentions.users.iter().copied());
        Self {
            sequence: event.sequence,
            kind: event.kind,
            full: digest(&event.body),
            stripped: event.stripped.as_ref().map(digest),
            audience,
            readers: readers.collect(),
            left: left_of(event),
            later: BTreeMap::new(),
            withheld: BTreeSet::new(),
        }
    }

    /// Tells whether a session of a user may see it.
    pub(crate) fn is_visible(&self, session: SessionId, user: UserId) -> bool {
        self.later.get(&session).copied().unwrap_or_else(|| self.audience.contains(&user))
    }

    /// Tells whether a session of a user is due it.
    pub(crate) fn is_due(&self, session: SessionId, user: UserId) -> bool {
        self.is_visible(session, user) && !self.withheld.contains(&session)
    }

    /// Tells whether what a session got is this event, in the form that it may have.
    pub(crate) fn is(&self, text: u64, user: UserId, content: bool) -> bool {
        let may = content || self.readers.contains(&user);
        match self.stripped {
            Some(stripped) if !may => text == stripped,
            _ => text == self.full,
        }
    }

    /// Tells whether it takes a user out of the guild.
    pub(crate) fn takes_out(&self, user: UserId) -> bool {
        self.left == Some(user) || self.kind == EventKind::GuildDelete
    }

    pub(super) fn tell_later(&mut self, session: SessionId, may: bool) {
        self.later.insert(session, may);
    }

    /// Notes what the decision in force withholds from a session, or does not.
    pub(crate) fn withhold(&mut self, session: SessionId, withheld: bool) {
        if withheld {
            self.withheld.insert(session);
        } else {
            self.withheld.remove(&session);
        }
    }
}

/// Returns whom an event takes out of the guild, as its payload says.
pub(super) fn left_of(event: &Event) -> Option<UserId> {
    if event.kind != EventKind::GuildMemberRemove {
        return None;
    }
    payload(&event.body)?["user"]["id"].as_str()?.parse().ok()
}

/// Reads the payload of an event.
pub(super) fn payload(body: &Body) -> Option<Value> {
    let whole: Value = serde_json::from_str(&format!("{{{}", text_of(body))).ok()?;
    Some(whole["d"].clone())
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
