//! What stands in for a verdict when a hook fails.

use std::time::Duration;

use moka::sync::Cache;
use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::policy::{Connect, Lag, Native, Passivity, Placement, Publish, Relief, Shed};
use throng_proto::event::EventClass;
use throng_proto::time::Timestamp;

use crate::config::OnFailure;
use crate::hook::Hook;
use crate::question::Question;
use crate::verdict::{RETRY_DEFAULT, Verdict};

/// Verdicts in force that are remembered: one per user or guild, about 3 MB.
const REMEMBERED_MAX: u64 = 16_384;
/// When a mode that no script chose is asked for again: the script may have wanted to be asked.
const RECHECK: Duration = Duration::from_secs(60);
/// Shown to clients while a hook fails.
const REASON: &str = "the policy is out of order; try again soon";

/// The last good verdict of each hook about each user or guild.
#[derive(Debug)]
pub(crate) struct Memory(Cache<(Hook, u64), Verdict>);

impl Default for Memory {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED_MAX))
    }
}

impl Memory {
    /// Remembers a verdict, unless the question itself brings the one in force.
    pub(crate) fn remember(&self, question: &Question<'_>, verdict: &Verdict) {
        if !matches!(question, Question::Passivity { .. }) {
            self.0.insert((question.hook(), about(question)), verdict.clone());
        }
    }

    /// Returns the verdict in force, where it still makes sense.
    fn recall(&self, question: &Question<'_>) -> Option<Verdict> {
        if let Question::Passivity { attachment, .. } = question {
            return attachment.mode.map(|mode| Verdict::Passivity(Passivity::lasting(mode)));
        }
        let verdict = self.0.get(&(question.hook(), about(question)))?;
        let stands = match (&verdict, question) {
            (Verdict::Relay(Placement::Relay(number)), Question::Relay { relays, .. }) => {
                relays.iter().any(|one| one.relay == *number)
            }
            _ => true,
        };
        stands.then_some(verdict)
    }
}

/// Answers a question in the place of a hook that fails.
pub(crate) fn stand_in(
    on_failure: OnFailure,
    question: &Question<'_>,
    native: &Native,
    memory: &Memory,
    now: Timestamp,
) -> Verdict {
    let native = || question.put(native, now);
    let verdict = match on_failure {
        OnFailure::Open => open(question.hook()).unwrap_or_else(native),
        OnFailure::Closed => closed(question.hook()).unwrap_or_else(native),
        OnFailure::LastGood => memory.recall(question).unwrap_or_else(native),
    };
    match verdict {
        Verdict::Passivity(passivity) => {
            Verdict::Passivity(Passivity { recheck: Some(RECHECK), ..passivity })
        }
        other => other,
    }
}

/// Returns the permissive answer; `None` where that is the native one.
fn open(hook: Hook) -> Option<Verdict> {
    Some(match hook {
        Hook::Connect => Verdict::Connect(Connect::Admit),
        Hook::Passivity => Verdict::Passivity(Passivity::lasting(Mode::Active)),
        Hook::Delivery => Verdict::Delivery(DeliveryTable::default()),
        Hook::Relays | Hook::Relay => return None,
        Hook::Publish => Verdict::Publish(Publish::Allow),
        Hook::Lag => Verdict::Lag(Lag::Conflate),
        Hook::Overload => Verdict::Overload(Shed::NOTHING),
    })
}

/// Returns the strict answer; `None` where that is the native one.
fn closed(hook: Hook) -> Option<Verdict> {
    Some(match hook {
        Hook::Connect => Verdict::Connect(Connect::Refuse {
            reason: REASON.to_owned(),
            retry_after: RETRY_DEFAULT,
        }),
        Hook::Passivity => Verdict::Passivity(Passivity::lasting(Mode::Passive)),
        Hook::Delivery => Verdict::Delivery(quiet()),
        Hook::Relays | Hook::Relay => return None,
        Hook::Publish => Verdict::Publish(Publish::Refuse(REASON.to_owned())),
        Hook::Lag => Verdict::Lag(Lag::Close),
        Hook::Overload => Verdict::Overload(shed()),
    })
}

/// Withholds from every mode but active what is neither structure nor a mention.
fn quiet() -> DeliveryTable {
    let mut table = DeliveryTable::default();
    for mode in [Mode::Conflated, Mode::Passive, Mode::Muted] {
        for class in EventClass::ALL {
            let delivery = match (class, mode) {
                (EventClass::Structure, _) => Delivery::Full,
                (EventClass::Message, Mode::Conflated | Mode::Passive) => Delivery::Digest,
                _ => Delivery::Drop,
            };
            table = table.with(mode, class, delivery);
        }
    }
    table
}

fn shed() -> Shed {
    Shed::these(&[Relief::Typing, Relief::Presence])
}

/// Returns whom or what a verdict is about.
fn about(question: &Question<'_>) -> u64 {
    match question {
        Question::Connect { session }
        | Question::Passivity { session, .. }
        | Question::Lag { session, .. } => session.user.value(),
        Question::Publish { event } => event.author.value(),
        Question::Delivery { guild }
        | Question::Relays { guild }
        | Question::Relay { guild, .. } => guild.guild.value(),
        Question::Overload { .. } => 0,
    }
}
