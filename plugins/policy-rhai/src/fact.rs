//! The facts that scripts read, each with its name, its value and what it means.
//!
//! Scripts and the cache of verdicts take a fact's value from the same place, so that they cannot
//! disagree about what was read.

mod clock;
mod reads;

use throng_engine::mode::Mode;
use throng_engine::policy::{
    AttachmentFacts, GuildFacts, LagFacts, NodeFacts, PASSIVE_V1, PASSIVE_V2, PublishFacts,
    RelayFacts, SessionFacts,
};
use throng_proto::id::{Id, RoleId};
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

pub use reads::{READS_MAX, Read, Reads};

use crate::percent;

/// What scripts call the thing that a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A session, and in `passivity` its attachment.
    Session,
    /// A guild.
    Guild,
    /// Relays to choose from.
    Relay,
    /// What is to be published.
    Event,
    /// Who publishes.
    Author,
    /// Where it is published.
    Channel,
    /// This node.
    Node,
    /// The time.
    Clock,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 8] = [
        Self::Session,
        Self::Guild,
        Self::Relay,
        Self::Event,
        Self::Author,
        Self::Channel,
        Self::Node,
        Self::Clock,
    ];

    /// Returns the name of its type in scripts, such as `Session`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "Session",
            Self::Guild => "Guild",
            Self::Relay => "Relay",
            Self::Event => "Event",
            Self::Author => "Author",
            Self::Channel => "Channel",
            Self::Node => "Node",
            Self::Clock => "Clock",
        }
    }
}

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

/// What kind of value a fact has, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `string`.
    Text,
    /// `array` of `int`.
    Roles,
}

macro_rules! facts {
    ($($fact:ident = $subject:ident . $property:literal : $kind:ident, $doc:literal;)*) => {
        /// One thing that a script can read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fact {
            $(#[doc = $doc] $fact,)*
        }

        impl Fact {
            /// Every fact.
            pub const ALL: &[Self] = &[$(Self::$fact,)*];

            /// Returns what it is about.
            #[must_use]
            pub const fn subject(self) -> Subject {
                match self { $(Self::$fact => Subject::$subject,)* }
            }

            /// Returns the name of the property in scripts.
            #[must_use]
            pub const fn property(self) -> &'static str {
                match self { $(Self::$fact => $property,)* }
            }

            /// Returns what kind of value it has.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$fact => Kind::$kind,)* }
            }

            /// Returns what it means, in one sentence.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$fact => $doc,)* }
            }
        }
    };
}

facts! {
    User = Session."user": Int, "Id of the account.";
    Bot = Session."bot": Bool, "Whether a program uses the account.";
    Capabilities = Session."capabilities": Int, "Capability bits of IDENTIFY.";
    PassiveCapable = Session."passive_capable": Bool,
        "Whether the client understands digests: capability bit 11 or 14.";
    Intents = Session."intents": Int, "Intents, as bits.";
    Afk = Session."afk": Bool, "Away from keyboard, as the client says.";
    Status = Session."status": Text, "\"online\", \"idle\", \"dnd\", \"invisible\" or \"offline\".";
    Os = Session."os": Text, "Operating system, as the client says.";
    Browser = Session."browser": Text, "Library or browser, as the client says.";
    Device = Session."device": Text, "Device, as the client says.";
    Region = Session."region": Text, "Region, as Throng's own clients say; else empty.";
    UserPercent = Session."percent": Int,
        "Method `percent(salt)`: 0 to 99, the same for a user and a salt everywhere and always.";
    Subscribed = Session."subscribed": Bool,
        "Whether the client looks at the guild. Only in `passivity`.";
    CurrentMode = Session."mode": Text,
        "Mode until now, empty while the session attaches. Only in `passivity`.";
    Moderator = Session."moderator": Bool,
        "Whether the member may kick, ban, time out, delete messages or manage the guild. \
         Only in `passivity`.";
    Permissions = Session."permissions": Int,
        "Permission bits in the guild, before overwrites of channels. Only in `passivity`.";
    Roles = Session."roles": Roles, "Ids of the member's roles. Only in `passivity`.";
    HasRole = Session."has_role": Bool,
        "Method `has_role(id)`: whether the member has the role. Only in `passivity`.";
    BehindEvents = Session."behind_events": Int, "Events that wait for the link. Only in `lag`.";
    BehindBytes = Session."behind_bytes": Int, "Bytes that wait for the link. Only in `lag`.";
    Guild = Guild."id": Int, "Id of the guild.";
    Members = Guild."members": Int, "Members.";
    Attachments = Guild."attachments": Int, "Sessions that are in the guild now.";
    RelayCount = Guild."relays": Int, "Relays.";
    Band = Guild."band": Int,
        "Digits of the number of attachments; hooks are asked again when it changes.";
    RelayNumbers = Relay."number": Int, "Number of the relay in its guild.";
    RelayLoads = Relay."load": Int, "Attachments that the relay has.";
    Act = Event."act": Text, "\"message\", \"edit\", \"reaction\" or \"typing\".";
    Length = Event."length": Int, "Characters of the content.";
    Everyone = Event."everyone": Bool, "Whether the content asks for @everyone or @here.";
    Author = Author."user": Int, "Id of the author's account.";
    AuthorBot = Author."bot": Bool, "Whether a program uses the author's account.";
    Channel = Channel."id": Int, "Id of the channel.";
    ChannelGuild = Channel."guild": Int, "Id of the channel's guild.";
    Pressure = Node."pressure": Int, "How full the fullest queue is, 0 to 100.";
    Hour = Clock."hour": Int, "Hour, 0 to 23.";
    Minute = Clock."minute": Int, "Minute, 0 to 59.";
    Weekday = Clock."weekday": Int, "Day of the week, 1 for Monday to 7 for Sunday.";
    Minutes = Clock."minutes": Int, "Minutes since midnight, 0 to 1439.";
    Unix = Clock."unix": Int, "Seconds since 1970.";
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
            Subject::Node => Some(Value::Int(self.node?.pressure.into())),
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
