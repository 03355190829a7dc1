//! The questions that a policy answers, by the names of the functions that answer them.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};
use throng_proto::variants::every;

/// A function that a script may define; the native default answers for those it does not.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumCount,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Hook {
    /// May a session begin?
    Connect,
    /// How much does an attachment receive?
    Passivity,
    /// What does each mode get of each event class?
    Delivery,
    /// How is a guild split over relays?
    Relays,
    /// Which relay takes an attachment?
    Relay,
    /// May an author publish something?
    Publish,
    /// What happens to a session whose link is over its bound?
    Lag,
    /// Which event classes does a node under pressure shed?
    Overload,
}

impl Hook {
    /// Every hook, in the order of a session's life.
    pub const ALL: [Self; Self::COUNT] = every();

    /// Returns the name of its function.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns what its function is given, in order.
    #[must_use]
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Connect | Self::Lag => &["session"],
            Self::Passivity => &["session", "guild"],
            Self::Delivery | Self::Relays => &["guild"],
            Self::Relay => &["session", "guild", "relays"],
            Self::Publish => &["event", "author", "channel"],
            Self::Overload => &["node"],
        }
    }

    /// Finds the hook of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }
}

impl fmt::Display for Hook {
    /// Writes the head of its function, such as `lag(session)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name(), self.parameters().join(", "))
    }
}
