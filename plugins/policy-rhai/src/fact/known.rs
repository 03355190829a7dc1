//! The values of facts, from what the gateway knows.

use throng_engine::mode::Mode;
use throng_engine::policy::{
    AttachmentFacts, GuildFacts, LagFacts, NodeFacts, PASSIVE_V1, PASSIVE_V2, PublishFacts,
    RelayFacts, SessionFacts,
};
use throng_proto::id::{Id, RoleId};
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use super::{Fact, Read, Subject, clock};
use crate::percent;

/// What a fact's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Yes or no.
    Bool(bool),
    /// A number or an id.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// Roles of a member.
    Roles(&'a [RoleId]),
    /// Which relays there are.
    RelayNumbers(&'a [RelayFacts]),
    /// Which relays there are, and what each carries.
    RelayLoads(&'a [RelayFacts]),
}

/// Facts at hand; what nobody knows at this place is absent.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are those of the facts")]
pub struct Known<'a> {
    pub session: Option<&'a SessionFacts>,
    pub attachment: Option<AttachmentFacts<'a>>,
    pub lag: Option<&'a LagFacts>,
    pub guild: Option<&'a GuildFacts>,
    pub relays: Option<&'a [RelayFacts]>,
    pub event: Option<&'a PublishFacts>,
    pub node: Option<&'a NodeFacts>,
    pub now: Option<Timestamp>,
}

impl<'a> Known<'a> {
    /// Looks a fact up; `None` when it is not known here.
    #[must_use]
    pub fn value(&self, read: Read) -> Option<Value<'a>> {
        match read.fact.subject() {
            Subject::Session => match (self.session, self.attachment, self.lag) {
                (Some(session), attachment, lag) => of_session(read, session)
                    .or_else(|| of_attachment(read, &attachment?))
                    .or_else(|| of_lag(read.fact, lag?)),
                _ => None,
            },
            Subject::Guild => of_guild(read.fact, self.guild?),
            Subject::Relay => self.relays.map(match read.fact {
                Fact::RelayLoads => Value::RelayLoads,
                _ => Value::RelayNumbers,
            }),
            Subject::Event | Subject::Author | Subject::Channel => of_event(read.fact, self.event?),
            Subject::Node => of_node(read.fact, self.node?),
            Subject::Clock => Some(Value::Int(clock::value(read, self.now?))),
        }
    }
}

fn of_session<'a>(read: Read, session: &'a SessionFacts) -> Option<Value<'a>> {
    let connection = &*session.connection;
    Some(match read.fact {
        Fact::User => Value::Int(signed(session.user.value())),
        Fact::Bot => Value::Bool(session.bot),
        Fact::Capabilities => Value::Int(signed(session.capabilities)),
        Fact::PassiveCapable => Value::Bool(session.capabilities & (PASSIVE_V1 | PASSIVE_V2) != 0),
        Fact::Intents => Value::Int(session.intents.bits().into()),
        Fact::Afk => Value::Bool(session.afk),
        Fact::Status => Value::Text(status(session.status)),
        Fact::Os => Value::Text(&connection.os),
        Fact::Browser => Value::Text(&connection.browser),
        Fact::Device => Value::Text(&connection.device),
        Fact::Region => Value::Text(&connection.region),
        Fact::UserPercent => {
            Value::Int(percent::of_number(signed(session.user.value()), read.parameter))
        }
        _ => return None,
    })
}

fn of_attachment<'a>(read: Read, attachment: &AttachmentFacts<'a>) -> Option<Value<'a>> {
    Some(match read.fact {
        Fact::Subscribed => Value::Bool(attachment.subscribed),
        Fact::CurrentMode => Value::Text(attachment.mode.map_or("", Mode::name)),
        Fact::Moderator => Value::Bool(is_moderator(attachment.permissions)),
        Fact::Permissions => Value::Int(signed(attachment.permissions.bits())),
        Fact::Roles => Value::Roles(attachment.roles),
        Fact::HasRole => {
            let role = Id::new(read.parameter.cast_unsigned());
            Value::Bool(attachment.roles.binary_search(&role).is_ok())
        }
        _ => return None,
    })
}

fn of_lag(fact: Fact, lag: &LagFacts) -> Option<Value<'static>> {
    Some(match fact {
        Fact::BehindEvents => Value::Int(lag.events.into()),
        Fact::BehindBytes => Value::Int(count(lag.bytes)),
        _ => return None,
    })
}

fn of_guild(fact: Fact, guild: &GuildFacts) -> Option<Value<'static>> {
    Some(Value::Int(match fact {
        Fact::Guild => signed(guild.guild.value()),
        Fact::Members => count(guild.members),
        Fact::Attachments => count(guild.attachments),
        Fact::RelayCount => count(guild.relays),
        Fact::Band => guild.band().into(),
        _ => return None,
    }))
}

fn of_event(fact: Fact, event: &PublishFacts) -> Option<Value<'static>> {
    Some(match fact {
        Fact::Act => Value::Text(event.act.name()),
        Fact::Length => Value::Int(count(event.length)),
        Fact::Everyone => Value::Bool(event.everyone),
        Fact::Author => Value::Int(signed(event.author.value())),
        Fact::AuthorBot => Value::Bool(event.bot),
        Fact::Channel => Value::Int(signed(event.channel.value())),
        Fact::ChannelGuild => Value::Int(signed(event.guild.value())),
        _ => return None,
    })
}

fn of_node(fact: Fact, node: &NodeFacts) -> Option<Value<'static>> {
    Some(match fact {
        Fact::Pressure => Value::Int(node.pressure.into()),
        Fact::PressureBand => Value::Text(node.band.name()),
        _ => return None,
    })
}

fn is_moderator(permissions: Permissions) -> bool {
    const ANY: [Permissions; 6] = [
        Permissions::KICK_MEMBERS,
        Permissions::BAN_MEMBERS,
        Permissions::MANAGE_MESSAGES,
        Permissions::MODERATE_MEMBERS,
        Permissions::MANAGE_GUILD,
        Permissions::ADMINISTRATOR,
    ];
    ANY.into_iter().any(|one| permissions.contains(one))
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Online => "online",
        Status::Idle => "idle",
        Status::Dnd => "dnd",
        Status::Invisible => "invisible",
        Status::Offline => "offline",
    }
}

/// Scripts know only signed numbers; ids and bits fit into 63 bits, and others keep their bits.
const fn signed(value: u64) -> i64 {
    value.cast_signed()
}

pub(crate) fn count(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
