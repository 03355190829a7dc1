//! What hooks answer, checked.

mod parse;

use throng_engine::mode::DeliveryTable;
use throng_engine::policy::{Connect, Lag, Passivity, Placement, Publish, Shed, Split};

use crate::hook::Hook;

pub use parse::{Decision, Mistake, REASON_CHARS_MAX, RETRY_DEFAULT, SECONDS_MAX, Terms, parse};

/// Kinds of verdicts that one hook gives.
pub(crate) const KINDS_MAX: usize = 6;

/// The answer of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is a hook")]
pub enum Verdict {
    Connect(Connect),
    Passivity(Passivity),
    Delivery(DeliveryTable),
    Relays(Split),
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

    /// Returns the words for the kinds of verdicts of a hook.
    #[must_use]
    pub const fn kinds(hook: Hook) -> &'static [&'static str] {
        match hook {
            Hook::Connect => &["admit", "refuse"],
            Hook::Passivity => &["active", "conflated", "passive", "muted"],
            Hook::Delivery => &["default", "other"],
            Hook::Relays => &["none", "region", "os", "browser", "device", "account"],
            Hook::Relay => &["relay", "new"],
            Hook::Publish => &["allow", "refuse"],
            Hook::Lag => &["conflate", "passive", "close"],
            Hook::Overload => &["nothing", "shed"],
        }
    }

    /// Returns the word for verdicts of its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        Self::kinds(self.hook())[self.index()]
    }

    /// Returns the place of its kind among those of its hook.
    #[must_use]
    pub fn index(&self) -> usize {
        match self {
            Self::Connect(Connect::Admit) | Self::Publish(Publish::Allow) => 0,
            Self::Connect(Connect::Refuse { .. }) | Self::Publish(Publish::Refuse(_)) => 1,
            Self::Passivity(passivity) => passivity.mode as usize,
            Self::Delivery(table) => usize::from(*table != DeliveryTable::default()),
            Self::Relays(relays) => relays.key as usize,
            Self::Relay(placement) => usize::from(*placement == Placement::New),
            Self::Lag(Lag::Conflate) => 0,
            Self::Lag(Lag::Passive) => 1,
            Self::Lag(Lag::Close) => 2,
            Self::Overload(shed) => usize::from(*shed != Shed::NOTHING),
        }
    }
}
