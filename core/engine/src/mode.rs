//! How much an attachment receives, and the tables that say so.

use serde::{Deserialize, Serialize};
use throng_proto::event::EventClass;

/// How much an attachment receives.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The full stream.
    #[default]
    Active,
    /// The stream without what is soon outdated: typing and presences.
    Conflated,
    /// Structure, mentions and digests.
    Passive,
    /// Structure only.
    Muted,
}

impl Mode {
    /// Every mode, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Active, Self::Conflated, Self::Passive, Self::Muted];

    /// Returns the word in metrics and scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Conflated => "conflated",
            Self::Passive => "passive",
            Self::Muted => "muted",
        }
    }
}

/// What a mode gets of an event class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The event itself.
    Full,
    /// The event only when it mentions the user; else a place in the next digest.
    Digest,
    /// Nothing.
    Drop,
}

impl Delivery {
    /// Every delivery.
    pub const ALL: [Self; 3] = [Self::Full, Self::Digest, Self::Drop];

    /// Returns the word in scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Digest => "digest",
            Self::Drop => "drop",
        }
    }
}

/// What each mode gets of each event class. It only takes away: permissions and intents come first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryTable([[Delivery; EventClass::ALL.len()]; Mode::ALL.len()]);

impl Default for DeliveryTable {
    /// Column P of the protocol's rest set for passive attachments.
    fn default() -> Self {
        use Delivery::{Digest, Drop, Full};
        Self([
            [Full; EventClass::ALL.len()],
            [Full, Full, Full, Full, Full, Drop, Drop, Full],
            [Full, Digest, Drop, Drop, Drop, Drop, Drop, Full],
            [Full, Drop, Drop, Drop, Drop, Drop, Drop, Full],
        ])
    }
}

impl DeliveryTable {
    /// Looks up what `mode` gets of `class`.
    #[must_use]
    pub const fn of(&self, mode: Mode, class: EventClass) -> Delivery {
        self.0[mode as usize][class as usize]
    }

    /// Returns the table with one entry changed; what is meant for one session alone stays full.
    #[must_use]
    pub const fn with(mut self, mode: Mode, class: EventClass, delivery: Delivery) -> Self {
        if !matches!(class, EventClass::Own) {
            self.0[mode as usize][class as usize] = delivery;
        }
        self
    }
}
