//! What an accepted command is going to do, as data: writes first, effects after the commit.

use std::sync::Arc;

use serde::Serialize;
use throng_proto::command::{Answer, Reply};
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use throng_proto::json;
use throng_proto::model::Member;
use throng_proto::record::{EventRecord, Write};
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::invites::InviteChange;
use super::posted::NonceKey;
use crate::event::{Change, Event};
use crate::shape::Shape;

/// What a command came to.
pub(super) type Decided = Result<Decision, Refusal>;

/// What a command that was not refused came to.
#[derive(Debug)]
pub(super) enum Decision {
    /// Answer at once.
    Answer(Reply),
    /// Answer with nothing at once, and publish what nothing keeps.
    Show(Box<Draft>),
    /// Do this after a commit.
    Commit(Box<Plan>),
    /// Answer together with the post of this message, which is not committed yet.
    Join(MessageId),
}

impl Decision {
    /// Answers with an object at once.
    pub(super) fn json(value: &impl Serialize) -> Self {
        Self::Answer(Reply::json(value))
    }

    /// Answers at once.
    pub(super) fn say(answer: Answer) -> Self {
        Self::Answer(answer.into())
    }

    /// Answers with nothing at once.
    pub(super) const fn nothing() -> Self {
        Self::Answer(Reply::nothing())
    }
}

/// Everything that an accepted command does.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What the store keeps.
    pub(super) writes: Vec<Write>,
    /// What is published, in order.
    pub(super) events: Vec<Draft>,
    /// What changes in memory.
    pub(super) effect: Effect,
    /// What the author hears.
    pub(super) reply: Reply,
}

impl Plan {
    /// Refuses an event that is too long. What is deleted goes, however long it takes to say so.
    pub(super) fn fits(&self, max: usize) -> Result<(), Refusal> {
        let deletes =
            self.effect.gone || self.effect.removed.is_some() || self.effect.dropped.is_some();
        if deletes { Ok(()) } else { self.events.iter().try_for_each(|event| event.fits(max)) }
    }

    /// Ends the making of a plan.
    pub(super) fn decided(self) -> Decided {
        Ok(Decision::Commit(Box::new(self)))
    }
}

/// What changes in memory after the commit.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// Settings, roles and channels.
    pub(super) shape: Option<Arc<Shape>>,
    /// Members that are new or changed.
    pub(super) members: Vec<Arc<Member>>,
    /// Those of them that are new.
    pub(super) joined: Vec<UserId>,
    /// Who left.
    pub(super) left: Option<UserId>,
    /// A role that was deleted, and taken from its holders.
    pub(super) dropped: Option<RoleId>,
    /// A channel that was made.
    pub(super) added: Option<ChannelId>,
    /// A channel that was deleted.
    pub(super) removed: Option<ChannelId>,
    /// Invites that were made, used or deleted.
    pub(super) invites: Vec<InviteChange>,
    /// A message that was posted.
    pub(super) posted: Option<Post>,
    /// The whole guild was deleted.
    pub(super) gone: bool,
}

/// A posted message, as far as the guild remembers it.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) channel: ChannelId,
    pub(super) message: MessageId,
    pub(super) author: UserId,
    pub(super) nonce: Option<NonceKey>,
}

/// An event without its place in the sequence.
#[derive(Debug)]
pub(super) struct Draft {
    kind: EventKind,
    scope: Scope,
    payload: String,
    stripped: Option<String>,
    author: Option<UserId>,
    mentions: Mentions,
    change: Change,
}

impl Draft {
    /// Encodes the payload once.
    pub(super) fn new(kind: EventKind, scope: Scope, payload: &impl Serialize) -> Self {
        Self {
            kind,
            scope,
            payload: json::text(payload),
            stripped: None,
            author: None,
            mentions: Mentions::default(),
            change: Change::Nothing,
        }
    }

    /// Adds the variant without content, if it differs.
    pub(super) fn stripped(mut self, payload: &impl Serialize) -> Self {
        self.stripped = Some(json::text(payload)).filter(|stripped| *stripped != self.payload);
        self
    }

    /// Names who caused it.
    pub(super) const fn by(mut self, author: UserId) -> Self {
        self.author = Some(author);
        self
    }

    /// Names whom it notifies.
    pub(super) fn notifying(mut self, mentions: Mentions) -> Self {
        self.mentions = mentions;
        self
    }

    /// Refuses to be longer than so many bytes.
    pub(super) fn fits(&self, max: usize) -> Result<(), Refusal> {
        if self.payload.len() <= max { Ok(()) } else { Err(Refusal::EventTooLarge { max }) }
    }

    /// Says what relays must know from now on.
    pub(super) fn changing(mut self, change: Change) -> Self {
        self.change = change;
        self
    }

    /// Gives it its place: the record for the log, and the event.
    pub(super) fn number(
        self,
        guild: GuildId,
        sequence: u64,
        at: Timestamp,
    ) -> (EventRecord, Event) {
        let record = EventRecord {
            guild,
            sequence,
            at,
            kind: self.kind,
            scope: self.scope,
            payload: self.payload,
            stripped: self.stripped,
            author: self.author,
            mentions: self.mentions,
        };
        let event = Event { change: self.change, ..Event::from_record(&record) };
        (record, event)
    }
}
