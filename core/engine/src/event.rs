//! Events on their way from a guild to its relays.

use std::sync::Arc;

use serde::Deserialize;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::gateway::payload::Halves;
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::Profile;
use throng_proto::record::EventRecord;
use throng_proto::wire::Body;

use crate::shape::Shape;

/// What happened, encoded once and shared by every relay and session.
#[derive(Debug)]
pub struct Event {
    /// Kind.
    pub kind: EventKind,
    /// Guild.
    pub guild: GuildId,
    /// Place in the guild's sequence; 0 for ephemeral events, which have none.
    pub sequence: u64,
    /// Who may see it.
    pub scope: Scope,
    /// With everything.
    pub body: Body,
    /// Without content, for sessions without MESSAGE_CONTENT; `None` when there is no difference.
    pub stripped: Option<Body>,
    /// Of an answer: whose the answered message is, and the variants in which only one of the two
    /// messages has its content.
    pub answered: Option<Box<Answered>>,
    /// Who caused it: gets its own messages in full, and never its own presence.
    pub author: Option<UserId>,
    /// Whom it notifies.
    pub mentions: Mentions,
    /// What relays must know from now on.
    pub change: Change,
}

/// What an event changes for the relays of the guild. Takes effect before the event is delivered,
/// except [`Change::Gone`] and [`Change::Left`], which take effect after.
#[derive(Clone, Debug, Default)]
pub enum Change {
    /// Nothing.
    #[default]
    Nothing,
    /// Settings, roles or channels.
    Shape(Arc<Shape>),
    /// A member's roles, nickname or time-out.
    Member(UserId, Arc<Profile>),
    /// A channel has a new last message.
    LastMessage(ChannelId, MessageId),
    /// A member left; its attachments end.
    Left(UserId),
    /// The guild is gone; all attachments end.
    Gone,
}

/// The message inside an answer, whose content is judged by itself.
#[derive(Debug)]
pub struct Answered {
    /// Its author, and whom it mentions: they may read it.
    pub readers: Vec<UserId>,
    /// The answer in full, without the content of the answered message.
    pub outer: Body,
    /// The answer without its content, around the answered message in full.
    pub inner: Body,
}

impl Answered {
    /// Takes an answer apart; `None` when it is none, or one whose answered message is gone.
    fn of(record: &EventRecord) -> Option<Box<Self>> {
        let Halves { readers, outer, inner } =
            Halves::of(&record.payload, record.stripped.as_ref()?)?;
        let body = |data: &str| Body::dispatch(record.kind.name(), data);
        Some(Box::new(Self { readers, outer: body(&outer), inner: body(&inner) }))
    }
}

impl Event {
    /// Makes an event from what the log keeps; it changes nothing but the last message.
    #[must_use]
    pub fn from_record(record: &EventRecord) -> Self {
        Self {
            kind: record.kind,
            guild: record.guild,
            sequence: record.sequence,
            scope: record.scope,
            body: Body::dispatch(record.kind.name(), &record.payload),
            stripped: record
                .stripped
                .as_ref()
                .map(|payload| Body::dispatch(record.kind.name(), payload)),
            answered: Answered::of(record),
            author: record.author,
            mentions: record.mentions.clone(),
            change: last_message(record).unwrap_or_default(),
        }
    }
}

/// Returns the change that a message makes, of what the log keeps.
fn last_message(record: &EventRecord) -> Option<Change> {
    #[derive(Deserialize)]
    struct Posted {
        id: MessageId,
    }
    let Scope::Channel(channel) = record.scope else { return None };
    if record.kind != EventKind::MessageCreate {
        return None;
    }
    let Posted { id } = serde_json::from_str(&record.payload).ok()?;
    Some(Change::LastMessage(channel, id))
}
