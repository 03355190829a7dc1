//! Functions that scripts call.

use std::sync::Arc;
use std::time::Duration;

use rhai::{Engine, INT, NativeCallContext};

use super::{ClockFace, NO_TIME, Raised};
use crate::attempt;
use crate::fact::count;
use crate::log::{Level, Log};
use crate::percent;
use crate::sandbox::Sandbox;
use crate::verdict::{Decision, REASON_CHARS_MAX, RETRY_DEFAULT, SECONDS_MAX};

pub(super) fn register(engine: &mut Engine, sandbox: &Sandbox) {
    let capacity = count(sandbox.native.relay_capacity.max(1));
    engine
        .register_type_with_name::<Decision>("Decision")
        .register_fn("admit", || Decision::Accept)
        .register_fn("allow", || Decision::Accept)
        .register_fn("refuse", |reason: &str| refuse(reason, RETRY_DEFAULT))
        .register_fn("refuse", refuse_for)
        .register_fn("==", |left: Decision, right: Decision| left == right)
        .register_fn("!=", |left: Decision, right: Decision| left != right)
        .register_fn("clock", clock)
        .register_fn("relay_capacity", move || capacity)
        .register_fn("percent", |value: INT, salt: &str| {
            percent::of_number(value, percent::salt(salt))
        })
        .register_fn("percent", |value: &str, salt: &str| {
            percent::of_bytes(value.as_bytes(), percent::salt(salt))
        });
    log(engine, "log_info", Level::Info, &sandbox.log);
    log(engine, "log_warn", Level::Warn, &sandbox.log);
}

fn refuse_for(reason: &str, seconds: INT) -> Raised<Decision> {
    if (1..=SECONDS_MAX).contains(&seconds) {
        refuse(reason, Duration::from_secs(seconds.unsigned_abs()))
    } else {
        Err(format!("a refusal lasts 1 to {SECONDS_MAX} seconds, not {seconds}").into())
    }
}

fn refuse(reason: &str, retry_after: Duration) -> Raised<Decision> {
    let length = reason.chars().count();
    if (1..=REASON_CHARS_MAX).contains(&length) {
        Ok(Decision::Refuse { reason: reason.to_owned(), retry_after })
    } else {
        Err(format!("a reason has 1 to {REASON_CHARS_MAX} characters, not {length}").into())
    }
}

fn clock() -> Raised<ClockFace> {
    match attempt::now() {
        Some(_) => Ok(ClockFace(0)),
        None => Err(NO_TIME.into()),
    }
}

fn log(engine: &mut Engine, name: &str, level: Level, log: &Arc<Log>) {
    let log = Arc::clone(log);
    engine.register_fn(name, move |context: NativeCallContext<'_>, text: &str| {
        let line = context.call_position().line().unwrap_or_default();
        log.write(level, context.call_source().unwrap_or_default(), line, text);
    });
}
