//! The types of facts in scripts: small, read-only, and noting what is read of them.

use std::sync::Arc;

use rhai::{CustomType, Dynamic, Engine, INT, TypeBuilder};
use throng_engine::mode::Mode;
use throng_engine::policy::{
    AttachmentFacts, GuildFacts, LagFacts, NodeFacts, PublishFacts, RelayFacts, SessionFacts,
};
use throng_proto::id::RoleId;
use throng_proto::permissions::Permissions;

use super::{Raised, read};
use crate::attempt;
use crate::fact::{Fact, Known, Read, Subject};
use crate::percent;

/// Facts of a session, and of its attachment or lag where the hook is about them.
#[derive(Clone, Debug)]
pub struct Session(pub Arc<SessionCard>);

/// What is behind a [`Session`].
#[derive(Clone, Debug)]
pub struct SessionCard {
    /// The session.
    pub session: SessionFacts,
    /// Its attachment, in `passivity`.
    pub attachment: Option<Attachment>,
    /// How far it is behind, in `lag`.
    pub lag: Option<LagFacts>,
}

/// Facts of an attachment that a script may keep for as long as it runs.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Sorted roles of the member.
    pub roles: Vec<RoleId>,
    /// What the member may do.
    pub permissions: Permissions,
    /// Tells whether the client looks at the guild.
    pub subscribed: bool,
    /// Mode until now.
    pub mode: Option<Mode>,
}

/// Facts of a guild.
#[derive(Clone, Copy, Debug)]
pub struct Guild(pub GuildFacts);

/// Facts of a relay.
#[derive(Clone, Copy, Debug)]
pub struct Relay(pub RelayFacts);

/// Facts of what is to be published.
#[derive(Clone, Copy, Debug)]
pub struct Event(pub PublishFacts);

/// Facts of who publishes.
#[derive(Clone, Copy, Debug)]
pub struct Author(pub PublishFacts);

/// Facts of where it is published.
#[derive(Clone, Copy, Debug)]
pub struct Channel(pub PublishFacts);

/// Facts of this node.
#[derive(Clone, Copy, Debug)]
pub struct Node(pub NodeFacts);

/// The time at a place, in minutes east of UTC.
#[derive(Clone, Copy, Debug)]
pub struct ClockFace(pub i64);

/// A type of facts.
trait About: Clone + Send + Sync + 'static {
    const SUBJECT: Subject;

    fn known(&self) -> Known<'_>;

    /// What its facts are read with.
    fn parameter(&self) -> i64 {
        0
    }
}

pub(super) fn register(engine: &mut Engine) {
    about::<Session>(engine);
    about::<Guild>(engine);
    about::<Event>(engine);
    about::<Author>(engine);
    about::<Channel>(engine);
    about::<Node>(engine);
    about::<ClockFace>(engine);
    engine.build_type::<Relay>();
    engine
        .register_fn("has_role", |session: &mut Session, role: INT| {
            read(&session.known(), Read { fact: Fact::HasRole, parameter: role })
        })
        .register_fn("has_role", |session: &mut Session, role: &str| {
            let parameter = role_id(role)?;
            read(&session.known(), Read { fact: Fact::HasRole, parameter })
        })
        .register_fn("percent", |session: &mut Session, salt: &str| {
            let parameter = percent::salt(salt);
            read(&session.known(), Read { fact: Fact::UserPercent, parameter })
        })
        .register_fn("at", |clock: &mut ClockFace, minutes: INT| at(*clock, minutes));
}

fn about<T: About>(engine: &mut Engine) {
    engine.register_type_with_name::<T>(T::SUBJECT.name());
    let methods = [Fact::HasRole, Fact::UserPercent];
    let facts = Fact::ALL.iter().filter(|fact| fact.subject() == T::SUBJECT);
    for fact in facts.copied().filter(|fact| !methods.contains(fact)) {
        engine.register_get(fact.property(), move |it: &mut T| -> Raised<Dynamic> {
            read(&it.known(), Read { fact, parameter: it.parameter() })
        });
    }
}

/// Reads the id of a role as Discord's JSON has it: digits in quotes.
fn role_id(text: &str) -> Raised<INT> {
    let id: Option<u64> = text.parse().ok().filter(|_| !text.starts_with('+'));
    id.map(u64::cast_signed).ok_or_else(|| format!("\"{text}\" is no id of a role").into())
}

/// Offsets of the world's time zones lie well within a day.
fn at(clock: ClockFace, minutes: INT) -> Raised<ClockFace> {
    const DAY: INT = 24 * 60;
    if (-DAY..=DAY).contains(&minutes) {
        Ok(ClockFace(clock.0 + minutes))
    } else {
        Err(format!("an offset is -{DAY} to {DAY} minutes, not {minutes}").into())
    }
}

impl About for Session {
    const SUBJECT: Subject = Subject::Session;

    fn known(&self) -> Known<'_> {
        Known {
            session: Some(&self.0.session),
            attachment: self.0.attachment.as_ref().map(Attachment::facts),
            lag: self.0.lag.as_ref(),
            ..Known::default()
        }
    }
}

impl Session {
    pub(super) fn of(
        session: &SessionFacts,
        attachment: Option<Attachment>,
        lag: Option<LagFacts>,
    ) -> Self {
        Self(Arc::new(SessionCard { session: session.clone(), attachment, lag }))
    }
}

impl Attachment {
    fn facts(&self) -> AttachmentFacts<'_> {
        AttachmentFacts {
            roles: &self.roles,
            permissions: self.permissions,
            subscribed: self.subscribed,
            mode: self.mode,
        }
    }
}

impl From<AttachmentFacts<'_>> for Attachment {
    fn from(facts: AttachmentFacts<'_>) -> Self {
        Self {
            roles: facts.roles.to_vec(),
            permissions: facts.permissions,
            subscribed: facts.subscribed,
            mode: facts.mode,
        }
    }
}

impl About for Guild {
    const SUBJECT: Subject = Subject::Guild;

    fn known(&self) -> Known<'_> {
        Known { guild: Some(&self.0), ..Known::default() }
    }
}

impl About for Event {
    const SUBJECT: Subject = Subject::Event;

    fn known(&self) -> Known<'_> {
        Known { event: Some(&self.0), ..Known::default() }
    }
}

impl About for Author {
    const SUBJECT: Subject = Subject::Author;

    fn known(&self) -> Known<'_> {
        Known { event: Some(&self.0), ..Known::default() }
    }
}

impl About for Channel {
    const SUBJECT: Subject = Subject::Channel;

    fn known(&self) -> Known<'_> {
        Known { event: Some(&self.0), ..Known::default() }
    }
}

impl About for Node {
    const SUBJECT: Subject = Subject::Node;

    fn known(&self) -> Known<'_> {
        Known { node: Some(&self.0), ..Known::default() }
    }
}

impl About for ClockFace {
    const SUBJECT: Subject = Subject::Clock;

    fn known(&self) -> Known<'_> {
        Known { now: attempt::now(), ..Known::default() }
    }

    fn parameter(&self) -> i64 {
        self.0
    }
}

impl CustomType for Relay {
    fn build(mut builder: TypeBuilder<'_, Self>) {
        builder
            .with_name(Subject::Relay.name())
            .with_get(Fact::RelayNumbers.property(), |relay: &mut Self| INT::from(relay.0.relay))
            .with_get(Fact::RelayLoads.property(), |relay: &mut Self| {
                attempt::note(Fact::RelayLoads.into());
                crate::fact::count(relay.0.load)
            });
    }
}
