//! The facts that scripts read, each with its name, its value and what it means.
//!
//! Scripts and the cache of verdicts take a fact's value from the same place, so that they cannot
//! disagree about what was read.

mod clock;
mod known;
mod reads;

use strum::{EnumCount, IntoStaticStr, VariantArray};
use throng_proto::variants::every;

pub use known::{Known, Value};
pub use reads::{READS_MAX, Read, Reads};

pub(crate) use known::count;

/// What scripts call the thing that a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumCount, IntoStaticStr, VariantArray)]

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
    pub const ALL: [Self; Self::COUNT] = every();

    /// Returns the name of its type in scripts, such as `Session`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
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
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray)]
        pub enum Fact {
            $(#[doc = $doc] $fact,)*
        }

        impl Fact {
            /// Every fact.
            pub const ALL: &[Self] = Self::VARIANTS;

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
    Afk = Session."afk": Bool, "Away from keyboard, as the client says: a hint for notifications.";
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
    Pressure = Node."pressure": Int, "How near the node is to what it can do, 0 to 100.";
    PressureBand = Node."band": Text,
        "\"calm\", \"busy\", \"hot\" or \"critical\": where `overload.busy`, `hot` and `critical` \
         put that pressure.";
    Hour = Clock."hour": Int, "Hour, 0 to 23.";
    Minute = Clock."minute": Int, "Minute, 0 to 59.";
    Weekday = Clock."weekday": Int, "Day of the week, 1 for Monday to 7 for Sunday.";
    Minutes = Clock."minutes": Int, "Minutes since midnight, 0 to 1439.";
    Unix = Clock."unix": Int, "Seconds since 1970.";
}
