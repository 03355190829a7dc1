//! From what a script returned to a verdict, or to what is wrong with it.

use std::time::Duration;

use rhai::{Array, Dynamic, INT, Map};
use thiserror::Error;
use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::policy::{
    Connect, Lag, Passivity, Placement, Publish, RELAY_COUNT_MAX, RelayFacts, Relief, ShardKey,
    Shed, Split,
};
use throng_proto::event::EventClass;

use super::Verdict;
use crate::hook::Hook;

/// Characters of a reason: clients show it in a line.
pub const REASON_CHARS_MAX: usize = 200;
/// When a session that was refused without a time may try again.
pub const RETRY_DEFAULT: Duration = Duration::from_secs(10);
/// Seconds that a verdict may name: a day, after which it is asked again anyway.
pub const SECONDS_MAX: INT = 86_400;

/// What `admit()`, `allow()` and `refuse(…)` return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Of `admit()` and `allow()`.
    Accept,
    /// Of `refuse(reason)` and `refuse(reason, seconds)`.
    Refuse {
        /// Shown to the client.
        reason: String,
        /// When to try again.
        retry_after: Duration,
    },
}

/// What is wrong with an answer, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Mistake(pub String);

/// What an answer may refer to.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Attachments that a relay takes where the script says nothing.
    pub capacity: usize,
    /// Relays that can be chosen.
    pub relays: &'a [RelayFacts],
}

/// Checks what a hook returned.
///
/// # Errors
///
/// It is no verdict of this hook.
pub fn parse(hook: Hook, answer: Dynamic, terms: Terms<'_>) -> Result<Verdict, Mistake> {
    Ok(match hook {
        Hook::Connect => Verdict::Connect(connect(answer)?),
        Hook::Passivity => Verdict::Passivity(passivity(answer)?),
        Hook::Delivery => Verdict::Delivery(delivery(answer)?),
        Hook::Relays => Verdict::Relays(relays(answer, terms.capacity)?),
        Hook::Relay => Verdict::Relay(relay(&answer, terms.relays)?),
        Hook::Publish => Verdict::Publish(publish(answer)?),
        Hook::Lag => Verdict::Lag(lag(&answer)?),
        Hook::Overload => Verdict::Overload(overload(answer)?),
    })
}

fn connect(answer: Dynamic) -> Result<Connect, Mistake> {
    match answer.try_cast_result::<Decision>() {
        Ok(Decision::Accept) => Ok(Connect::Admit),
        Ok(Decision::Refuse { reason, retry_after }) => Ok(Connect::Refuse { reason, retry_after }),
        Err(other) => Err(expected("admit() or refuse(reason, seconds)", &other)),
    }
}

fn publish(answer: Dynamic) -> Result<Publish, Mistake> {
    match answer.try_cast_result::<Decision>() {
        Ok(Decision::Accept) => Ok(Publish::Allow),
        Ok(Decision::Refuse { reason, .. }) => Ok(Publish::Refuse(reason)),
        Err(other) => Err(expected("allow() or refuse(reason)", &other)),
    }
}

fn passivity(answer: Dynamic) -> Result<Passivity, Mistake> {
    let map = match answer.try_cast_result::<Map>() {
        Ok(map) => map,
        Err(word) => return Ok(Passivity::lasting(mode(&word)?)),
    };
    no_others(&map, &["mode", "recheck"])?;
    let mode = mode(map.get("mode").ok_or_else(|| Mistake("`mode` is missing".to_owned()))?)?;
    let recheck = map.get("recheck").map(|value| number("recheck", value, 1, SECONDS_MAX));
    let recheck = recheck.transpose()?.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
    Ok(Passivity { mode, recheck })
}

fn delivery(answer: Dynamic) -> Result<DeliveryTable, Mistake> {
    let mut table = DeliveryTable::default();
    for (mode, row) in map("a map of modes", answer)? {
        let mode = word("mode", &mode, &Mode::ALL, Mode::name)?;
        for (class, delivery) in map("a map of event classes", row)? {
            let class = word("event class", &class, &TABLED, EventClass::name)?;
            let delivery =
                word("delivery", &text("delivery", &delivery)?, &Delivery::ALL, Delivery::name)?;
            table = table.with(mode, class, delivery);
        }
    }
    Ok(table)
}

/// Classes that a table may name: all but those meant for one session alone.
const TABLED: [EventClass; 7] = [
    EventClass::Structure,
    EventClass::Message,
    EventClass::MessageChange,
    EventClass::Reaction,
    EventClass::Member,
    EventClass::Typing,
    EventClass::Presence,
];

fn relays(answer: Dynamic, capacity: usize) -> Result<Split, Mistake> {
    const COUNT_MAX: INT = RELAY_COUNT_MAX as INT;
    let map = map("a map like #{capacity: 5000, count: 2}", answer)?;
    no_others(&map, &["capacity", "count", "key"])?;
    let mut plan = Split { capacity, count: 1, key: ShardKey::None };
    if let Some(capacity) = map.get("capacity") {
        plan.capacity = size(number("capacity", capacity, 1, INT::from(i32::MAX))?);
    }
    if let Some(count) = map.get("count") {
        plan.count = size(number("count", count, 1, COUNT_MAX)?);
    }
    if let Some(key) = map.get("key") {
        plan.key = word("key", &text("key", key)?, &ShardKey::ALL, ShardKey::name)?;
    }
    Ok(plan)
}

fn relay(answer: &Dynamic, relays: &[RelayFacts]) -> Result<Placement, Mistake> {
    if answer.is_string() && text("relay", answer)? == "new" {
        return Ok(Placement::New);
    }
    let Ok(number) = answer.as_int() else {
        return Err(expected("the number of a relay or \"new\"", answer));
    };
    relays
        .iter()
        .find(|one| INT::from(one.relay) == number)
        .map(|one| Placement::Relay(one.relay))
        .ok_or_else(|| Mistake(format!("relay {number} is not among those to choose from")))
}

fn lag(answer: &Dynamic) -> Result<Lag, Mistake> {
    const ALL: [(&str, Lag); 3] =
        [("conflate", Lag::Conflate), ("passive", Lag::Passive), ("close", Lag::Close)];
    word("answer", &text("lag", answer)?, &ALL, |one| one.0).map(|one| one.1)
}

fn overload(answer: Dynamic) -> Result<Shed, Mistake> {
    let classes = answer
        .try_cast_result::<Array>()
        .map_err(|other| expected("an array of what to shed", &other))?;
    classes.iter().try_fold(Shed::NOTHING, |shed, relief| {
        let name = text("load to shed", relief)?;
        Ok(shed.and(word("load to shed", &name, &Relief::ALL, Relief::name)?))
    })
}

fn mode(answer: &Dynamic) -> Result<Mode, Mistake> {
    if !answer.is_string() {
        return Err(expected("a mode or #{mode: \"passive\", recheck: 60}", answer));
    }
    word("mode", &text("mode", answer)?, &Mode::ALL, Mode::name)
}

fn map(what: &str, answer: Dynamic) -> Result<Map, Mistake> {
    answer.try_cast_result::<Map>().map_err(|other| expected(what, &other))
}

fn text(what: &str, value: &Dynamic) -> Result<String, Mistake> {
    value.clone().into_string().map_err(|_| expected(&format!("a string for {what}"), value))
}

fn number(what: &str, value: &Dynamic, min: INT, max: INT) -> Result<INT, Mistake> {
    let number = value.as_int().map_err(|_| expected(&format!("a whole number: {what}"), value))?;
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err(Mistake(format!("`{what}` is {number}, must be {min} to {max}")))
    }
}

fn size(number: INT) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn no_others(map: &Map, keys: &[&str]) -> Result<(), Mistake> {
    match map.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(Mistake(format!("unknown key `{key}`; there are {}", list(keys)))),
        None => Ok(()),
    }
}

/// Finds what a word stands for.
fn word<T: Copy, const N: usize>(
    what: &str,
    word: &str,
    all: &[T; N],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Mistake> {
    all.iter().copied().find(|one| name(*one) == word).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|one| name(*one)).collect();
        Mistake(format!("`{word}` is no {what}; there are {}", list(&names)))
    })
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn expected(what: &str, found: &Dynamic) -> Mistake {
    let found = match found.type_name() {
        "()" => "nothing",
        name => name.rsplit("::").next().unwrap_or(name),
    };
    Mistake(format!("expected {what}, found {found}"))
}
