//! Answers of hooks, right and wrong.

use std::time::Duration;

use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::policy::{
    Connect, Lag, Passivity, Placement, Publish, RelayFacts, ShardKey, Shed, Split,
};
use throng_plugin_policy_rhai::verdict::Verdict;
use throng_plugin_policy_rhai::{Cause, Hook, Outcome, Question};
use throng_proto::event::EventClass;

use crate::scene::{BEHIND, NODE, NOW, Room, attachment, guild, message, session};

/// Lets a hook answer with an expression.
fn answer(hook: Hook, expression: &str) -> Outcome {
    let room = Room::new(&format!("fn {hook} {{ {expression} }}"));
    let (session, guild, event) = (session(), guild(), message());
    let relays = [RelayFacts { relay: 7, load: 3 }, RelayFacts { relay: 8, load: 4 }];
    let attachment = attachment();
    let question = match hook {
        Hook::Connect => Question::Connect { session: &session },
        Hook::Passivity => {
            Question::Passivity { session: &session, guild: &guild, attachment: &attachment }
        }
        Hook::Delivery => Question::Delivery { guild: &guild },
        Hook::Relays => Question::Relays { guild: &guild },
        Hook::Relay => Question::Relay { session: &session, guild: &guild, relays: &relays },
        Hook::Publish => Question::Publish { event: &event },
        Hook::Lag => Question::Lag { session: &session, lag: &BEHIND },
        Hook::Overload => Question::Overload { node: &NODE },
    };
    room.ask(NOW, &question)
}

#[track_caller]
fn accepts(hook: Hook, expression: &str, verdict: Verdict) {
    assert_eq!(answer(hook, expression).verdict, Ok(verdict), "{expression}");
}

#[track_caller]
fn refuses(hook: Hook, expression: &str, message: &str) {
    let failure = answer(hook, expression).verdict.expect_err(expression);
    assert!(failure.fault.message.contains(message), "{expression}: {}", failure.fault.message);
    assert!(matches!(failure.cause, Cause::Verdict | Cause::Raised), "{expression}");
    assert_eq!(failure.fault.line, 1, "{expression}");
}

#[test]
fn sessions_are_admitted_or_refused() {
    accepts(Hook::Connect, "admit()", Verdict::Connect(Connect::Admit));
    let refuse = |reason: &str, seconds| {
        let retry_after = Duration::from_secs(seconds);
        Verdict::Connect(Connect::Refuse { reason: reason.to_owned(), retry_after })
    };
    accepts(Hook::Connect, "refuse(\"full\")", refuse("full", 10));
    accepts(Hook::Connect, "refuse(\"full\", 3600)", refuse("full", 3_600));
    for wrong in ["true", "\"admit\"", "", "#{}", "42", "3.5", "[]"] {
        refuses(Hook::Connect, wrong, "expected admit() or refuse(reason, seconds), found ");
    }
    refuses(Hook::Connect, "refuse(\"\")", "1 to 200 characters");
    refuses(Hook::Connect, "let r = \"\"; r.pad(201, 'x'); refuse(r)", "not 201");
    for seconds in ["0", "-1", "86401"] {
        refuses(Hook::Connect, &format!("refuse(\"full\", {seconds})"), "1 to 86400 seconds");
    }
}

#[test]
fn attachments_get_a_mode_and_a_time_to_ask_again() {
    for mode in Mode::ALL {
        let verdict = Verdict::Passivity(Passivity::lasting(mode));
        accepts(Hook::Passivity, &format!("\"{}\"", mode.name()), verdict);
    }
    let recheck = Some(Duration::from_secs(60));
    let verdict = Verdict::Passivity(Passivity { mode: Mode::Muted, recheck });
    accepts(Hook::Passivity, "#{mode: \"muted\", recheck: 60}", verdict);
    let table = [
        ("\"pasive\"", "`pasive` is no mode; there are `active`, `conflated`, `passive`, `muted`"),
        ("7", "expected a mode or #{mode: \"passive\", recheck: 60}, found i64"),
        ("", "found nothing"),
        ("#{recheck: 60}", "`mode` is missing"),
        ("#{mode: 1}", "found i64"),
        ("#{mode: \"muted\", recheck: 0}", "`recheck` is 0, must be 1 to 86400"),
        ("#{mode: \"muted\", recheck: 86401}", "must be 1 to 86400"),
        ("#{mode: \"muted\", recheck: \"1\"}", "a whole number: recheck"),
        ("#{mode: \"muted\", rechek: 1}", "unknown key `rechek`; there are `mode`, `recheck`"),
    ];
    table.into_iter().for_each(|(wrong, message)| refuses(Hook::Passivity, wrong, message));
}

#[test]
fn tables_say_what_modes_get_and_keep_the_default_elsewhere() {
    accepts(Hook::Delivery, "#{}", Verdict::Delivery(DeliveryTable::default()));
    let table = DeliveryTable::default()
        .with(Mode::Passive, EventClass::Reaction, Delivery::Full)
        .with(Mode::Active, EventClass::Typing, Delivery::Drop);
    let expression = "#{passive: #{reaction: \"full\"}, active: #{typing: \"drop\"}}";
    accepts(Hook::Delivery, expression, Verdict::Delivery(table));
    let table = [
        ("\"full\"", "expected a map of modes"),
        ("#{pasive: #{}}", "`pasive` is no mode"),
        ("#{passive: \"drop\"}", "expected a map of event classes"),
        ("#{passive: #{typng: \"drop\"}}", "`typng` is no event class"),
        ("#{passive: #{own: \"drop\"}}", "`own` is no event class"),
        ("#{passive: #{typing: \"dropp\"}}", "`dropp` is no delivery"),
        ("#{passive: #{typing: 1}}", "expected a string for delivery, found i64"),
    ];
    table.into_iter().for_each(|(wrong, message)| refuses(Hook::Delivery, wrong, message));
}

#[test]
fn guilds_are_split_by_a_plan_within_bounds() {
    let plan = |capacity, count, key| Verdict::Relays(Split { capacity, count, key });
    accepts(Hook::Relays, "#{}", plan(15_000, 1, ShardKey::None));
    let expression = "#{capacity: relay_capacity() / 2, count: 3, key: \"region\"}";
    accepts(Hook::Relays, expression, plan(7_500, 3, ShardKey::Region));
    let table = [
        ("5", "expected a map like #{capacity: 5000, count: 2}, found i64"),
        ("#{capacity: 0}", "`capacity` is 0, must be 1 to 2147483647"),
        ("#{capacity: 1.5}", "a whole number: capacity"),
        ("#{count: 0}", "`count` is 0, must be 1 to 1024"),
        ("#{count: 1025}", "must be 1 to 1024"),
        ("#{key: \"planet\"}", "`planet` is no key"),
        ("#{key: 1}", "expected a string for key"),
        ("#{size: 1}", "unknown key `size`; there are `capacity`, `count`, `key`"),
    ];
    table.into_iter().for_each(|(wrong, message)| refuses(Hook::Relays, wrong, message));
}

#[test]
fn attachments_are_placed_on_a_relay_that_was_offered_or_a_new_one() {
    accepts(Hook::Relay, "relays[1].number", Verdict::Relay(Placement::Relay(8)));
    accepts(Hook::Relay, "\"new\"", Verdict::Relay(Placement::New));
    refuses(Hook::Relay, "9", "relay 9 is not among those to choose from");
    refuses(Hook::Relay, "-1", "relay -1 is not among");
    refuses(Hook::Relay, "4294967303", "is not among");
    refuses(Hook::Relay, "\"old\"", "expected the number of a relay or \"new\"");
    refuses(Hook::Relay, "relays[0]", "found Relay");
}

#[test]
fn publications_are_allowed_or_refused() {
    accepts(Hook::Publish, "allow()", Verdict::Publish(Publish::Allow));
    let refuse = Verdict::Publish(Publish::Refuse("quiet".to_owned()));
    accepts(Hook::Publish, "refuse(\"quiet\")", refuse);
    refuses(Hook::Publish, "false", "expected allow() or refuse(reason), found bool");
}

#[test]
fn laggards_are_conflated_passive_or_closed() {
    accepts(Hook::Lag, "\"conflate\"", Verdict::Lag(Lag::Conflate));
    accepts(Hook::Lag, "\"passive\"", Verdict::Lag(Lag::Passive));
    accepts(Hook::Lag, "\"close\"", Verdict::Lag(Lag::Close));
    refuses(Hook::Lag, "\"drop\"", "`drop` is no answer");
    refuses(Hook::Lag, "1", "expected a string for lag");
}

#[test]
fn nodes_shed_only_what_is_soon_outdated() {
    accepts(Hook::Overload, "[]", Verdict::Overload(Shed::NOTHING));
    let shed = Shed::NOTHING.with(EventClass::Typing).and_then(|it| it.with(EventClass::Reaction));
    let verdict = Verdict::Overload(shed.unwrap());
    accepts(Hook::Overload, "[\"typing\", \"reaction\", \"typing\"]", verdict);
    refuses(Hook::Overload, "\"typing\"", "expected an array of what to shed");
    refuses(Hook::Overload, "[\"message\"]", "`message` is no load to shed");
    refuses(Hook::Overload, "[1]", "expected a string for load to shed");
}
