//! From tables that people wrote down to facts.

use std::fmt;
use std::sync::Arc;

use rhai::{Array, Dynamic, INT, ImmutableString};
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as Unreadable, StrDeserializer};
use throng_engine::policy::{Act, GuildFacts, NodeFacts, PASSIVE_V2, PublishFacts, RelayFacts};
use throng_engine::pressure::Thresholds;
use throng_proto::id::{Id, RoleId};
use throng_proto::intents::Intents;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use super::Scene;
use crate::api::SessionCard;
use crate::fact::{Fact, Subject};
use crate::trial::near::near;
use crate::trial::words;

/// Why a table is not facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenError {
    /// The key that is wrong, such as `guild.id`; empty where it is none.
    key: String,
    message: String,
}

impl GivenError {
    /// Describes what is wrong with facts, wherever they are.
    #[must_use]
    pub const fn new(message: String) -> Self {
        Self { key: String::new(), message }
    }

    /// Names the key that is wrong.
    pub fn at(self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self }
    }

    fn of(self, subject: Subject, name: &str) -> Self {
        self.at(&format!("{}.{name}", subject.name().to_lowercase()))
    }

    /// Returns the key that is wrong; empty where it is none.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for GivenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => f.write_str(&self.message),
            key => write!(f, "{key}: {}", self.message),
        }
    }
}

impl std::error::Error for GivenError {}

type Read<T> = Result<T, GivenError>;

/// Reads a moment.
///
/// # Errors
///
/// It is not RFC 3339.
pub fn moment(text: &str) -> Read<Timestamp> {
    word(text).map_err(|_| {
        GivenError::new(format!("\"{text}\" is no time; write one like \"2026-01-01T12:00:00Z\""))
    })
}

/// Reads a table about a session.
pub fn session<'a>(table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>) -> Read<SessionCard> {
    let mut card = Scene::default().session;
    for (name, value) in table {
        change_session(&mut card, name, value).map_err(|error| error.of(Subject::Session, name))?;
    }
    Ok(card)
}

/// Changes one fact of a session.
pub fn change_session(card: &mut SessionCard, name: &str, value: &Dynamic) -> Read<()> {
    let fact = fact(Subject::Session, name)?;
    if of_session(card, fact, value)? || of_visit(card, fact, value)? {
        return Ok(());
    }
    Err(GivenError::new(format!("`{name}` is a function; it follows from other facts")))
}

fn of_session(card: &mut SessionCard, fact: Fact, value: &Dynamic) -> Read<bool> {
    let session = &mut card.session;
    match fact {
        Fact::User => session.user = Id::new(id(value)?),
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
pub fn guild<'a>(table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>) -> Read<GuildFacts> {
    let mut guild = Scene::default().guild;
    for (name, value) in table {
        change_guild(&mut guild, name, value).map_err(|error| error.of(Subject::Guild, name))?;
    }
    Ok(guild)
}

/// Changes one fact of a guild.
pub fn change_guild(guild: &mut GuildFacts, name: &str, value: &Dynamic) -> Read<()> {
    match fact(Subject::Guild, name)? {
        Fact::Guild => guild.guild = Id::new(id(value)?),
        Fact::Members => guild.members = count(value)?,
        Fact::Attachments => guild.attachments = count(value)?,
        Fact::RelayCount => guild.relays = count(value)?,
        _ => {
            let message = format!("`{name}` follows from `attachments`; give that");
            return Err(GivenError::new(message));
        }
    }
    Ok(())
}

/// Reads a table about a relay.
pub fn relay<'a>(table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>) -> Read<RelayFacts> {
    let mut relay = RelayFacts { relay: 1, load: 0 };
    for (name, value) in table {
        of_relay(&mut relay, name, value).map_err(|error| error.of(Subject::Relay, name))?;
    }
    Ok(relay)
}

fn of_relay(relay: &mut RelayFacts, name: &str, value: &Dynamic) -> Read<()> {
    match fact(Subject::Relay, name)? {
        Fact::RelayLoads => relay.load = count(value)?,
        _ => relay.relay = size(value)?.try_into().unwrap_or(u32::MAX),
    }
    Ok(())
}

/// Adds a table about an event, its author or its channel to what is to be published.
pub fn publish<'a>(
    mut facts: PublishFacts,
    subject: Subject,
    table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>,
) -> Read<PublishFacts> {
    for (name, value) in table {
        of_publish(&mut facts, subject, (name, value)).map_err(|error| error.of(subject, name))?;
    }
    Ok(facts)
}

fn of_publish(
    facts: &mut PublishFacts,
    subject: Subject,
    (name, value): (&str, &Dynamic),
) -> Read<()> {
    match fact(subject, name)? {
        Fact::Act => facts.act = act(&text(value)?)?,
        Fact::Length => facts.length = count(value)?,
        Fact::Everyone => facts.everyone = flag(value)?,
        Fact::Author => facts.author = Id::new(id(value)?),
        Fact::AuthorBot => facts.bot = flag(value)?,
        Fact::ChannelGuild => facts.guild = Id::new(id(value)?),
        _ => facts.channel = Id::new(id(value)?),
    }
    Ok(())
}

/// Reads a table about a node. Of pressure and band one follows from the other, as bands are where
/// no setting says otherwise, unless both are given.
pub fn node<'a>(table: impl IntoIterator<Item = (&'a str, &'a Dynamic)>) -> Read<NodeFacts> {
    let (mut pressure, mut band) = (None, None);
    for (name, value) in table {
        match fact(Subject::Node, name) {
            Ok(Fact::Pressure) => self::pressure(value).map(|given| pressure = Some(given)),
            Ok(_) => text(value).and_then(|text| word(&text)).map(|given| band = Some(given)),
            Err(error) => Err(error),
        }
        .map_err(|error| error.of(Subject::Node, name))?;
    }
    let begins = |band| Thresholds::default().begins(band);
    let usual = NodeFacts::usual(pressure.or_else(|| band.map(begins)).unwrap_or_default());
    Ok(NodeFacts { band: band.unwrap_or(usual.band), ..usual })
}

fn pressure(value: &Dynamic) -> Read<u8> {
    let pressure = u8::try_from(size(value)?).ok().filter(|pressure| *pressure <= 100);
    pressure.ok_or_else(|| wrong("0 to 100", value))
}

fn fact(subject: Subject, name: &str) -> Read<Fact> {
    let all = || Fact::ALL.iter().copied().filter(|fact| fact.subject() == subject);
    all().find(|fact| fact.property() == name).ok_or_else(|| {
        let owner = subject.name().to_lowercase();
        let hint = match near(name, all().map(Fact::property)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", list(all().map(Fact::property))),
        };
        GivenError::new(format!("`{owner}` has no fact `{name}`; {hint}"))
    })
}

fn act(name: &str) -> Read<Act> {
    let found = Act::ALL.into_iter().find(|act| act.name() == name);
    found.ok_or_else(|| {
        GivenError::new(format!(
            "\"{name}\" is no act; there are {}",
            list(Act::ALL.map(Act::name))
        ))
    })
}

fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Read<T> {
    let deserializer: StrDeserializer<'_, Unreadable> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|error| GivenError::new(error.to_string()))
}

fn intents(value: &Dynamic) -> Read<Intents> {
    Intents::parse(size(value)?).ok_or_else(|| wrong("intents, as bits", value))
}

fn roles(value: &Dynamic) -> Read<Vec<RoleId>> {
    let array = value.read_lock::<Array>().ok_or_else(|| wrong("an array of ids", value))?;
    let mut roles: Vec<RoleId> =
        array.iter().map(|role| Ok(Id::new(id(role)?))).collect::<Read<_>>()?;
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

/// Reads an id: a number, or its digits in quotes as all of Discord's JSON has them.
fn id(value: &Dynamic) -> Read<u64> {
    let Some(digits) = value.read_lock::<ImmutableString>() else { return size(value) };
    let number = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    number.ok_or_else(|| wrong("an id, which is a number or its digits in quotes", value))
}

fn wrong(expected: &str, value: &Dynamic) -> GivenError {
    GivenError::new(format!("expected {expected}, found {}", words::of_value(value)))
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
