//! What scripts can see and call: the types of facts, and a few pure functions.

mod call;
mod subject;

use rhai::{Dynamic, Engine, EvalAltResult};

use crate::attempt;
use crate::fact::{Fact, Known, Read, Subject, Value, count};
use crate::question::Question;
use crate::sandbox::Sandbox;

pub use subject::{
    Attachment, Author, Channel, ClockFace, Event, Guild, Node, Relay, Session, SessionCard,
};

/// Constants of a script must not depend on when it is loaded.
const NO_TIME: &str = "there is no time while a script is loaded; call clock() in a hook";

type Raised<T> = Result<T, Box<EvalAltResult>>;

/// Gives an engine everything that scripts may see and call.
pub(crate) fn register(engine: &mut Engine, sandbox: &Sandbox) {
    subject::register(engine);
    call::register(engine, sandbox);
}

/// Makes the arguments of a hook's function.
pub(crate) fn arguments(question: &Question<'_>) -> Vec<Dynamic> {
    match *question {
        Question::Connect { session } => vec![Dynamic::from(Session::of(session, None, None))],
        Question::Passivity { session, guild, attachment } => {
            let attachment = Attachment::from(*attachment);
            vec![
                Dynamic::from(Session::of(session, Some(attachment), None)),
                Dynamic::from(Guild(*guild)),
            ]
        }
        Question::Delivery { guild } | Question::Relays { guild } => {
            vec![Dynamic::from(Guild(*guild))]
        }
        Question::Relay { session, guild, relays } => {
            // The script holds a plain array, so nobody sees whether it looks at it.
            attempt::note(Fact::RelayNumbers.into());
            let relays = relays.iter().map(|relay| Dynamic::from(Relay(*relay)));
            vec![
                Dynamic::from(Session::of(session, None, None)),
                Dynamic::from(Guild(*guild)),
                Dynamic::from_array(relays.collect()),
            ]
        }
        Question::Publish { event } => vec![
            Dynamic::from(Event(*event)),
            Dynamic::from(Author(*event)),
            Dynamic::from(Channel(*event)),
        ],
        Question::Lag { session, lag } => {
            vec![Dynamic::from(Session::of(session, None, Some(*lag)))]
        }
        Question::Overload { node } => vec![Dynamic::from(Node(*node))],
    }
}

/// Reads a fact for a script, and notes that it was read.
fn read(known: &Known<'_>, read: Read) -> Raised<Dynamic> {
    attempt::note(read);
    let Some(value) = known.value(read) else { return Err(unknown(read.fact)) };
    Ok(match value {
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Text(text) => text.into(),
        Value::Roles(roles) => Dynamic::from_array(
            roles.iter().map(|role| role.value().cast_signed().into()).collect(),
        ),
        Value::RelayNumbers(relays) | Value::RelayLoads(relays) => count(relays.len()).into(),
    })
}

fn unknown(fact: Fact) -> Box<EvalAltResult> {
    let (subject, property) = (fact.subject().name().to_lowercase(), fact.property());
    let text = match (fact.subject(), fact) {
        (Subject::Clock, _) => NO_TIME.to_owned(),
        (_, Fact::BehindEvents | Fact::BehindBytes) => {
            format!("`{subject}.{property}` is known only in `lag`")
        }
        _ => format!("`{subject}.{property}` is known only in `passivity`"),
    };
    text.into()
}
