//! What hooks answer, checked.

mod parse;

use throng_engine::mode::DeliveryTable;
use throng_engine::policy::{Connect, Lag, Passivity, Placement, Publish, Relays, Shed};

use crate::hook::Hook;

pub use parse::{Decision, Mistake, REASON_CHARS_MAX, RETRY_DEFAULT, SECONDS_MAX, Terms, parse};

/// The answer of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is a hook")]
pub enum Verdict {
    Connect(Connect),
    Passivity(Passivity),
    Delivery(DeliveryTable),
    Relays(Relays),
    Relay(Placement),
    Publish(Publish),
    Lag(Lag),
    Overload(Shed),
}

impl Verdict {
    /// Returns the hook that answered.
    #[must_use]
    pub const fn hook(&self) -> Hook {
        match self {
            Self::Connect(_) => Hook::Connect,
            Self::Passivity(_) => Hook::Passivity,
            Self::Delivery(_) => Hook::Delivery,
            Self::Relays(_) => Hook::Relays,
            Self::Relay(_) => Hook::Relay,
            Self::Publish(_) => Hook::Publish,
            Self::Lag(_) => Hook::Lag,
            Self::Overload(_) => Hook::Overload,
        }
    }

    /// Returns the word for verdicts of its kind in metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connect(Connect::Admit) => "admit",
            Self::Connect(Connect::Refuse { .. }) | Self::Publish(Publish::Refuse(_)) => "refuse",
            Self::Passivity(passivity) => passivity.mode.name(),
            Self::Delivery(table) if *table == DeliveryTable::default() => "default",
            Self::Delivery(_) => "other",
            Self::Relays(relays) => relays.key.name(),
            Self::Relay(Placement::Relay(_)) => "relay",
            Self::Relay(Placement::New) => "new",
            Self::Publish(Publish::Allow) => "allow",
            Self::Lag(Lag::Conflate) => "conflate",
            Self::Lag(Lag::Passive) => "passive",
            Self::Lag(Lag::Close) => "close",
            Self::Overload(Shed::NOTHING) => "nothing",
            Self::Overload(_) => "shed",
        }
    }
}
