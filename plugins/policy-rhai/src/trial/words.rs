//! Verdicts and values as a script would write them.

use std::time::Duration;

use rhai::Dynamic;
use throng_engine::mode::{DeliveryTable, Mode};
use throng_engine::policy::{Connect, Lag, Passivity, Placement, Publish, Relief, Shed};
use throng_proto::event::EventClass;
use throng_proto::time::Timestamp;

use crate::attempt::Trace;
use crate::fact::{Fact, Read, Subject, Value};
use crate::question::Question;
use crate::verdict::{Decision, RETRY_DEFAULT, Verdict};

/// Items of a list that a report shows.
const ITEMS_MAX: usize = 8;

/// Writes a verdict.
pub fn of_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Connect(Connect::Admit) => "admit()".to_owned(),
        Verdict::Connect(Connect::Refuse { reason, retry_after }) => refuse(reason, *retry_after),
        Verdict::Passivity(Passivity { mode, recheck: None }) => format!("{:?}", mode.name()),
        Verdict::Passivity(Passivity { mode, recheck: Some(recheck) }) => {
            format!("#{{mode: {:?}, recheck: {}}}", mode.name(), recheck.as_secs())
        }
        Verdict::Delivery(table) => delivery(table),
        Verdict::Relays(plan) => format!(
            "#{{capacity: {}, count: {}, key: {:?}}}",
            plan.capacity,
            plan.count,
            plan.key.name()
        ),
        Verdict::Relay(Placement::Relay(number)) => number.to_string(),
        Verdict::Relay(Placement::New) => "\"new\"".to_owned(),
        Verdict::Publish(Publish::Allow) => "allow()".to_owned(),
        Verdict::Publish(Publish::Refuse(reason)) => refuse(reason, RETRY_DEFAULT),
        Verdict::Lag(lag) => format!("{:?}", of_lag(*lag)),
        Verdict::Overload(shed) => overload(*shed),
    }
}

/// Writes a value.
pub fn of_value(value: &Dynamic) -> String {
    match value.clone().try_cast_result::<Decision>() {
        Ok(Decision::Accept) => "admit() or allow()".to_owned(),
        Ok(Decision::Refuse { reason, retry_after }) => refuse(&reason, retry_after),
        Err(other) => format!("{other:?}"),
    }
}

/// Writes the facts that a run read, with their values.
pub fn of_reads(question: &Question<'_>, now: Timestamp, trace: &Trace) -> Vec<(String, String)> {
    let known = question.known(now);
    let reads = trace.reads.as_slice().iter();
    reads.filter_map(|read| Some((of_read(*read), of_fact(known.value(*read)?)))).collect()
}

/// Writes a fact as a script reads it.
fn of_read(Read { fact, parameter }: Read) -> String {
    let owner = fact.subject().name().to_lowercase();
    let name = fact.property();
    match fact {
        Fact::HasRole => format!("{owner}.{name}({parameter})"),
        _ if fact.subject() == Subject::Clock && parameter != 0 => {
            format!("{owner}.at({parameter}).{name}")
        }
        _ => format!("{owner}.{name}"),
    }
}

/// Writes the value of a fact.
fn of_fact(value: Value<'_>) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Roles(roles) => list(roles.iter().map(|role| role.value())),
        Value::RelayNumbers(relays) => list(relays.iter().map(|relay| relay.relay)),
        Value::RelayLoads(relays) => list(relays.iter().map(|relay| relay.load)),
    }
}

/// Writes the first of some items, and how many there are.
fn list<T: ToString>(items: impl ExactSizeIterator<Item = T>) -> String {
    let count = items.len();
    let first: Vec<_> = items.take(ITEMS_MAX).map(|item| item.to_string()).collect();
    let first = first.join(", ");
    if count > ITEMS_MAX {
        format!("[{first}, ...] ({count} in all)")
    } else {
        format!("[{first}]")
    }
}

fn refuse(reason: &str, retry_after: Duration) -> String {
    if retry_after == RETRY_DEFAULT {
        format!("refuse({reason:?})")
    } else {
        format!("refuse({reason:?}, {})", retry_after.as_secs())
    }
}

const fn of_lag(lag: Lag) -> &'static str {
    match lag {
        Lag::Conflate => "conflate",
        Lag::Passive => "passive",
        Lag::Close => "close",
    }
}

fn overload(shed: Shed) -> String {
    let reliefs = Relief::ALL.into_iter().filter(|relief| shed.has(*relief));
    format!("{:?}", reliefs.map(Relief::name).collect::<Vec<_>>())
}

/// Writes what differs from the default.
fn delivery(table: &DeliveryTable) -> String {
    let usual = DeliveryTable::default();
    let rows = Mode::ALL.into_iter().filter_map(|mode| {
        let changed = EventClass::ALL
            .into_iter()
            .filter(|class| table.of(mode, *class) != usual.of(mode, *class));
        let entries: Vec<_> = changed
            .map(|class| format!("{}: {:?}", class.name(), table.of(mode, class).name()))
            .collect();
        (!entries.is_empty()).then(|| format!("{}: #{{{}}}", mode.name(), entries.join(", ")))
    });
    format!("#{{{}}}", rows.collect::<Vec<_>>().join(", "))
}
