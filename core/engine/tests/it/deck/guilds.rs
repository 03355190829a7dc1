//! A guild in front of a deck: it takes whoever asks, and publishes what a test wants.

use std::sync::Arc;
use std::time::Duration;

use throng_engine::deck::{Ask, Attach, Grant, Output, Refusal, Seat, View, Why};
use throng_engine::event::{Change, Event};
use throng_engine::policy::GuildFacts;
use throng_proto::close::CloseCode;
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::id::{GuildId, RoleId, UserId};
use throng_proto::model::{Member, Profile};
use throng_proto::wire::Body;

use super::bench::Bench;
use crate::scene::{self, GUILD, OPEN};

/// The guild as it is for everybody.
pub(crate) fn view(sequence: u64) -> View {
    let facts = GuildFacts { guild: GUILD, members: 10, attachments: 10, relays: 1 };
    View { shape: Arc::new(scene::shape()), facts, sequence }
}

/// What a session that asked is granted.
pub(crate) fn seat(attach: &Attach, roles: &[RoleId]) -> Seat {
    let Attach { session, facts, interest, .. } = attach;
    let member = scene::member(facts.user.value());
    let profile = Profile::new(scene::JOINED, roles.to_vec());
    let member = Arc::new(Member { profile, ..Member::clone(&member) });
    Seat { session: *session, user: facts.user, interest: *interest, member }
}

/// A message in the open channel.
pub(crate) fn said(sequence: u64, text: &str, author: UserId) -> Arc<Event> {
    let body = Body::dispatch("MESSAGE_CREATE", &serde_json::json!(text).to_string());
    let event = scene::message(OPEN, author, Mentions::default());
    Arc::new(Event { sequence, body, stripped: None, ..event })
}

/// Something that happens to the whole guild.
pub(crate) fn happened(sequence: u64, kind: EventKind, change: Change) -> Arc<Event> {
    Arc::new(Event { sequence, change, ..scene::event(kind, Scope::Guild, None) })
}

impl Bench {
    /// Takes what guilds are asked.
    pub(crate) fn asks(&mut self) -> Vec<(GuildId, Ask)> {
        let mut asks = Vec::new();
        for output in self.outputs() {
            match output {
                Output::Ask(guild, ask) => asks.push((guild, ask)),
                other => self.outputs.push(other),
            }
        }
        asks
    }

    /// Takes the sessions that ask to be attached.
    pub(crate) fn attaches(&mut self) -> Vec<Attach> {
        let asks = self.asks().into_iter();
        let attach = asks.filter_map(|(_, ask)| match ask {
            Ask::Attach(attach) => Some(*attach),
            _ => None,
        });
        attach.collect()
    }

    /// Takes whom guilds are asked to let go.
    pub(crate) fn detaches(&mut self) -> Vec<UserId> {
        let asks = self.asks().into_iter();
        let gone = asks.filter_map(|(_, ask)| match ask {
            Ask::Detach { user, .. } => Some(user),
            _ => None,
        });
        gone.collect()
    }

    /// Takes what was refused.
    pub(crate) fn refused(&mut self) -> Vec<(Refusal, u64)> {
        let mut refused = Vec::new();
        for output in self.outputs() {
            match output {
                Output::Refused(why, count) => refused.push((why, count)),
                other => self.outputs.push(other),
            }
        }
        refused
    }

    /// Takes whose links are to be closed, and why.
    pub(crate) fn closed(&mut self) -> Vec<(UserId, Why, CloseCode)> {
        let mut closed = Vec::new();
        for output in self.outputs() {
            match output {
                Output::Close(closing) => {
                    closed.push((closing.user, closing.why, closing.close.code));
                }
                other => self.outputs.push(other),
            }
        }
        closed
    }

    /// Takes whose sessions have ended.
    pub(crate) fn ended(&mut self) -> Vec<UserId> {
        let ended = self.outputs().into_iter().filter_map(|output| match output {
            Output::Ended(user) => Some(user),
            _ => None,
        });
        ended.collect()
    }

    /// Lets a session ask the guild, which takes it.
    pub(crate) fn enter(&mut self, user: u64) {
        self.enter_with(user, &[]);
    }

    /// As [`Self::enter`], for a member with roles.
    pub(crate) fn enter_with(&mut self, user: u64, roles: &[RoleId]) {
        let slot = self.slot(user);
        self.deck.join_session(GUILD, slot);
        for attach in self.attaches() {
            self.grant(&attach, roles);
        }
    }

    pub(crate) fn grant(&mut self, attach: &Attach, roles: &[RoleId]) {
        let seat = seat(attach, roles);
        let initial = attach.initial;
        self.deck.attached(Grant { seat, view: view(0), welcome: None, initial });
        self.settle();
    }

    /// Begins sessions of some users in the guild, and lets them read READY.
    pub(crate) fn crowd(users: u64) -> Self {
        Self::new().crowded(users)
    }

    pub(crate) fn crowded(mut self, users: u64) -> Self {
        for user in 0..users {
            self.join(user);
            self.enter(user);
        }
        self.pass();
        for user in 0..users {
            self.read(user);
            self.lanes(user);
        }
        self.outputs();
        self
    }

    /// Lets an event come to the deck.
    pub(crate) fn publish(&mut self, event: &Arc<Event>) {
        self.deck.event(event);
        self.settle();
    }

    /// Publishes a message, and says who has got it after a pass.
    pub(crate) fn hear(&mut self, event: &Arc<Event>, users: u64) -> Vec<u64> {
        self.publish(event);
        self.pass();
        (0..users).filter(|user| !self.read(*user).is_empty()).collect()
    }
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
