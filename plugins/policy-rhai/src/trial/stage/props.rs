//! What the functions that test a policy may call besides what hooks may.

use rhai::{Dynamic, Engine, EvalAltResult, Map, NativeCallContext};

use crate::api::{Author, Channel, Event, Guild, Node, Relay, Session};
use crate::attempt;
use crate::fact::Subject;
use crate::trial::given::{GivenError, Scene, parse};
use crate::trial::words;

/// Names of all of it, with how many arguments each takes.
pub const PROPS: [(&str, usize); 11] = [
    ("session", 1),
    ("guild", 1),
    ("relay_of", 1),
    ("event", 1),
    ("author", 1),
    ("channel", 1),
    ("node", 1),
    ("set_clock", 1),
    ("assert", 1),
    ("assert", 2),
    ("assert_eq", 2),
];

type Raised<T> = Result<T, Box<EvalAltResult>>;

pub(super) fn register(engine: &mut Engine) {
    facts(engine);
    engine
        .register_fn("set_clock", |time: &str| -> Raised<()> {
            attempt::set_now(parse::moment(time).map_err(raised)?);
            Ok(())
        })
        .register_fn("assert", |holds: bool| assert(holds, "the assertion does not hold"))
        .register_fn("assert", assert)
        .register_fn(
            "assert_eq",
            |context: NativeCallContext<'_>, got: Dynamic, right: Dynamic| {
                assert_eq(&context, &got, &right)
            },
        );
}

fn facts(engine: &mut Engine) {
    engine
        .register_fn("session", |table: Map| {
            let card = parse::session(entries(&table)).map_err(raised)?;
            Raised::Ok(Session(card.into()))
        })
        .register_fn("guild", |table: Map| {
            Raised::Ok(Guild(parse::guild(entries(&table)).map_err(raised)?))
        })
        .register_fn("relay_of", |table: Map| {
            Raised::Ok(Relay(parse::relay(entries(&table)).map_err(raised)?))
        })
        .register_fn("event", |table: Map| Raised::Ok(Event(publish(Subject::Event, &table)?)))
        .register_fn("author", |table: Map| Raised::Ok(Author(publish(Subject::Author, &table)?)))
        .register_fn("channel", |table: Map| {
            Raised::Ok(Channel(publish(Subject::Channel, &table)?))
        })
        .register_fn("node", |table: Map| {
            Raised::Ok(Node(parse::node(entries(&table)).map_err(raised)?))
        });
}

fn publish(subject: Subject, table: &Map) -> Raised<throng_engine::policy::PublishFacts> {
    parse::publish(Scene::default().event, subject, entries(table)).map_err(raised)
}

fn entries(table: &Map) -> impl Iterator<Item = (&str, &Dynamic)> {
    table.iter().map(|(name, value)| (name.as_str(), value))
}

#[allow(clippy::needless_pass_by_value, reason = "errors are mapped by value")]
fn raised(error: GivenError) -> Box<EvalAltResult> {
    error.to_string().into()
}

fn assert(holds: bool, text: &str) -> Raised<()> {
    if holds { Ok(()) } else { Err(text.into()) }
}

fn assert_eq(context: &NativeCallContext<'_>, got: &Dynamic, right: &Dynamic) -> Raised<()> {
    let pair = (got.clone(), right.clone());
    // Values of types that cannot be compared differ.
    if context.call_native_fn::<bool>("==", pair).unwrap_or(false) {
        return Ok(());
    }
    Err(format!("expected {}, got {}", words::of_value(right), words::of_value(got)).into())
}
