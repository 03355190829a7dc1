//! From tables that people wrote down to facts.

use std::sync::Arc;

use rhai::{Array, Dynamic, INT};
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as Unreadable, StrDeserializer};
use throng_engine::policy::{Act, GuildFacts, NodeFacts, PASSIVE_V2, PublishFacts, RelayFacts};
use throng_proto::id::{Id, RoleId};
use throng_proto::intents::Intents;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use super::Scene;
use crate::api::SessionCard;
use crate::fact::{Fact, Subject};
use crate::tool::near::near;

/// Why a table is not facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GivenError(pub String);

type Read<T> = Result<T, GivenError>;

/// Reads a moment.
///
/// # Errors
///
/// It is not RFC 3339.
pub(crate) fn moment(text: &str) -> Read<Timestamp> {
    word(text).map_err(|_| {
        GivenError(format!("\"{text}\" is no time; write one like \"2026-01-01T12:00:00Z\""))
    })
}

/// Reads a table about a session.
pub(crate) fn session<'a>(
    table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>,
) -> Read<SessionCard> {
    let mut card = Scene::default().session;
    for (name, value) in table {
        let fact = fact(Subject::Session, name)?;
        if !of_session(&mut card, fact, value)? && !of_visit(&mut card, fact, value)? {
            return Err(GivenError(format!("`{name}` is a function; it follows from other facts")));
        }
    }
    Ok(card)
}

fn of_session(card: &mut SessionCard, fact: Fact, value: &Dynamic) -> Read<bool> {
    let session = &mut card.session;
    match fact {
        Fact::User => session.user = Id::new(size(value)?),
        Fact::Bot => session.bot = flag(value)?,
        Fact::Capabilities => session.capabilities |= size(value)?,
        Fact::PassiveCapable if flag(value)? => session.capabilities |= PASSIVE_V2,
        Fact::PassiveCapable => {}
        Fact::Intents => session.intents = intents(value)?,
        Fact::Afk => session.afk = flag(value)?,
        Fact::Status => session.status = word(&text(value)?)?,
        Fact::Os => Arc::make_mut(&mut session.connection).os = text(value)?,
        Fact::Browser => Arc::make_mut(&mut session.connection).browser = text(value)?,
        Fact::Device => Arc::make_mut(&mut session.connection).device = text(value)?,
        Fact::Region => Arc::make_mut(&mut session.connection).region = text(value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn of_visit(card: &mut SessionCard, fact: Fact, value: &Dynamic) -> Read<bool> {
    let (Some(attachment), Some(lag)) = (&mut card.attachment, &mut card.lag) else {
        return Ok(false);
    };
    match fact {
        Fact::Subscribed => attachment.subscribed = flag(value)?,
        Fact::CurrentMode => {
            let mode = text(value)?;
            attachment.mode = if mode.is_empty() { None } else { Some(word(&mode)?) };
        }
        Fact::Moderator if flag(value)? => {
            attachment.permissions = attachment.permissions | Permissions::MODERATE_MEMBERS;
        }
        Fact::Moderator => {}
        Fact::Permissions => {
            attachment.permissions = attachment.permissions | Permissions::from_bits(size(value)?);
        }
        Fact::Roles => attachment.roles = roles(value)?,
        Fact::BehindEvents => lag.events = size(value)?.try_into().unwrap_or(u32::MAX),
        Fact::BehindBytes => lag.bytes = count(value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Reads a table about a guild.
pub(crate) fn guild<'a>(
    table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>,
) -> Read<GuildFacts> {
    let mut guild = Scene::default().guild;
    for (name, value) in table {
        match fact(Subject::Guild, name)? {
            Fact::Guild => guild.guild = Id::new(size(value)?),
            Fact::Members => guild.members = count(value)?,
            Fact::Attachments => guild.attachments = count(value)?,
            Fact::RelayCount => guild.relays = count(value)?,
            _ => return Err(GivenError(format!("`{name}` follows from `attachments`; give that"))),
        }
    }
    Ok(guild)
}

/// Reads a table about a relay.
pub(crate) fn relay<'a>(
    table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>,
) -> Read<RelayFacts> {
    let mut relay = RelayFacts { relay: 1, load: 0 };
    for (name, value) in table {
        match fact(Subject::Relay, name)? {
            Fact::RelayLoads => relay.load = count(value)?,
            _ => relay.relay = size(value)?.try_into().unwrap_or(u32::MAX),
        }
    }
    Ok(relay)
}

/// Adds a table about an event, its author or its channel to what is to be published.
pub(crate) fn publish<'a>(
    mut facts: PublishFacts,
    subject: Subject,
    table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>,
) -> Read<PublishFacts> {
    for (name, value) in table {
        match fact(subject, name)? {
            Fact::Act => facts.act = act(&text(value)?)?,
            Fact::Length => facts.length = count(value)?,
            Fact::Everyone => facts.everyone = flag(value)?,
            Fact::Author => facts.author = Id::new(size(value)?),
            Fact::AuthorBot => facts.bot = flag(value)?,
            Fact::ChannelGuild => facts.guild = Id::new(size(value)?),
            _ => facts.channel = Id::new(size(value)?),
        }
    }
    Ok(facts)
}

/// Reads a table about a node.
pub(crate) fn node<'a>(table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>) -> Read<NodeFacts> {
    let mut node = Scene::default().node;
    for (name, value) in table {
        fact(Subject::Node, name)?;
        let pressure = u8::try_from(size(value)?).ok().filter(|pressure| *pressure <= 100);
        node.pressure = pressure.ok_or_else(|| wrong("0 to 100", value))?;
    }
    Ok(node)
}

fn fact(subject: Subject, name: &str) -> Read<Fact> {
    let all = || Fact::ALL.iter().copied().filter(|fact| fact.subject() == subject);
    all().find(|fact| fact.property() == name).ok_or_else(|| {
        let owner = subject.name().to_lowercase();
        let hint = match near(name, all().map(Fact::property)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", list(all().map(Fact::property))),
        };
        GivenError(format!("`{owner}` has no fact `{name}`; {hint}"))
    })
}

fn act(name: &str) -> Read<Act> {
    let found = Act::ALL.into_iter().find(|act| act.name() == name);
    found.ok_or_else(|| {
        GivenError(format!("\"{name}\" is no act; there are {}", list(Act::ALL.map(Act::name))))
    })
}

fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Read<T> {
    let deserializer: StrDeserializer<'_, Unreadable> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|error| GivenError(error.to_string()))
}

fn intents(value: &Dynamic) -> Read<Intents> {
    Intents::parse(size(value)?).ok_or_else(|| wrong("intents, as bits", value))
}

fn roles(value: &Dynamic) -> Read<Vec<RoleId>> {
    let array = value.read_lock::<Array>().ok_or_else(|| wrong("an array of ids", value))?;
    let mut roles: Vec<RoleId> =
        array.iter().map(|role| Ok(Id::new(size(role)?))).collect::<Read<_>>()?;
    roles.sort_unstable();
    Ok(roles)
}

fn flag(value: &Dynamic) -> Read<bool> {
    value.as_bool().map_err(|_| wrong("true or false", value))
}

fn text(value: &Dynamic) -> Read<String> {
    value.clone().into_string().map_err(|_| wrong("a string", value))
}

fn count(value: &Dynamic) -> Read<usize> {
    usize::try_from(size(value)?).map_err(|_| wrong("a smaller number", value))
}

fn size(value: &Dynamic) -> Read<u64> {
    let number: INT = value.as_int().map_err(|_| wrong("a whole number", value))?;
    u64::try_from(number).map_err(|_| wrong("a number that is not negative", value))
}

fn wrong(expected: &str, value: &Dynamic) -> GivenError {
    GivenError(format!("expected {expected}, found {value}"))
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
