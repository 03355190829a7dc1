//! What scripts read is what the gateway knows.

use rhai::Dynamic;
use throng_engine::policy::{Connect, NodeFacts, Publish, RelayFacts};
use throng_engine::pressure::Band;
use throng_plugin_policy_rhai::fact::{Fact, Subject};
use throng_plugin_policy_rhai::trial::given::parse;
use throng_plugin_policy_rhai::verdict::Verdict;
use throng_plugin_policy_rhai::{Cause, Question};
use throng_proto::time::Timestamp;

use crate::scene::{BEHIND, NODE, NOW, Room, attachment, guild, message, session};

/// Puts a question to a hook that throws what it reads, and returns that.
fn read(question: &Question<'_>, text: &str) -> String {
    read_at(NOW, question, text)
}

fn read_at(now: Timestamp, question: &Question<'_>, text: &str) -> String {
    let room = Room::new(&format!("fn {} {{ throw {text}; }}", question.hook()));
    let outcome = room.ask(now, question);
    let failure = outcome.verdict.expect_err("it throws");
    assert_eq!(failure.cause, Cause::Raised);
    failure.fault.message
}

#[test]
fn a_session_shows_what_it_is_and_says() {
    let session = session();
    let question = Question::Connect { session: &session };
    let text = "`${session.user} ${session.bot} ${session.capabilities} \
                ${session.passive_capable} ${session.intents} ${session.afk} ${session.status} \
                ${session.os} ${session.browser} ${session.device} ${session.region}`";
    let shown = read(&question, text);
    assert_eq!(shown, "1001 false 16384 true 1 false dnd linux firefox desk eu");
}

#[test]
fn an_attachment_shows_roles_rights_focus_and_mode() {
    let (session, guild) = (session(), guild());
    let question =
        Question::Passivity { session: &session, guild: &guild, attachment: &attachment() };
    let text = "`${session.subscribed} ${session.mode} ${session.moderator} \
                ${session.permissions} ${session.roles} ${session.has_role(9)} \
                ${session.has_role(6)}`";
    assert_eq!(read(&question, text), "false conflated true 8192 [5, 9] true false");
    let fresh = throng_engine::policy::AttachmentFacts { mode: None, ..attachment() };
    let question = Question::Passivity { session: &session, guild: &guild, attachment: &fresh };
    assert_eq!(read(&question, "`<${session.mode}>`"), "<>");
}

#[test]
fn guilds_relays_events_lag_and_nodes_show_what_they_are() {
    let (session, guild, event) = (session(), guild(), message());
    let text = "`${guild.id} ${guild.members} ${guild.attachments} ${guild.relays} ${guild.band}`";
    assert_eq!(read(&Question::Delivery { guild: &guild }, text), "2002 90000 12345 2 5");
    let relays = [RelayFacts { relay: 7, load: 3 }, RelayFacts { relay: 8, load: 4 }];
    let question = Question::Relay { session: &session, guild: &guild, relays: &relays };
    let text = "`${relays.len()} ${relays[0].number} ${relays[1].load}`";
    assert_eq!(read(&question, text), "2 7 4");
    let text = "`${event.act} ${event.length} ${event.everyone} ${author.user} ${author.bot} \
                ${channel.id} ${channel.guild}`";
    let shown = read(&Question::Publish { event: &event }, text);
    assert_eq!(shown, "message 42 true 1001 true 3003 2002");
    let question = Question::Lag { session: &session, lag: &BEHIND };
    assert_eq!(read(&question, "`${session.behind_events} ${session.behind_bytes}`"), "70 9000");
    assert_eq!(read(&Question::Overload { node: &NODE }, "`${node.pressure}`"), "80");
    assert_eq!(read(&Question::Overload { node: &NODE }, "`${node.band}`"), "hot");
}

#[test]
fn facts_of_another_hook_say_where_they_are_known() {
    let session = session();
    let question = Question::Connect { session: &session };
    for fact in Fact::ALL.iter().filter(|fact| fact.subject() == Subject::Session) {
        let wanted = if fact.doc().contains("Only in `lag`") {
            "is known only in `lag`"
        } else if fact.doc().contains("Only in `passivity`") {
            "is known only in `passivity`"
        } else {
            continue;
        };
        let call = if *fact == Fact::HasRole { "(1)" } else { "" };
        let message = read(&question, &format!("session.{}{call}", fact.property()));
        assert_eq!(message, format!("`session.{}` {wanted}", fact.property()));
    }
}

#[test]
fn facts_cannot_be_changed_or_invented() {
    let session = session();
    let question = Question::Connect { session: &session };
    let message = read(&question, "session.usr");
    assert!(message.contains("usr"), "{message}");
    let room = Room::new("fn connect(session) { session.bot = true; admit() }");
    assert!(room.ask(NOW, &question).verdict.is_err());
    let room = Room::new("fn connect(session) { Session() }");
    assert!(room.ask(NOW, &question).verdict.is_err());
}

#[test]
fn the_clock_shows_utc_and_other_places() {
    let question = Question::Overload { node: &NODE };
    let text = "`${clock().hour}:${clock().minute} ${clock().weekday} ${clock().minutes} \
                ${clock().unix}`";
    assert_eq!(read(&question, text), "22:30 3 1350 1795645800");
    let text = "{ let c = clock().at(90); `${c.hour}:${c.minute} ${c.weekday} ${c.minutes}` }";
    assert_eq!(read(&question, text), "0:0 4 0");
    let text = "{ let c = clock().at(-1440); `${c.hour} ${c.weekday}` }";
    assert_eq!(read(&question, text), "22 2");
    assert!(read(&question, "clock().at(1441)").contains("-1440 to 1440"));
    let text = "`${clock().hour} ${clock().weekday}`";
    assert_eq!(read_at(Timestamp::from_millis(0), &question, text), "0 4");
}

#[test]
fn percentages_are_the_same_everywhere_and_always() {
    let session = session();
    let question = Question::Connect { session: &session };
    // Changing these moves every rollout that is under way.
    let text = "`${percent(1001, \"launch\")} ${session.percent(\"launch\")} \
                ${percent(\"eu\", \"launch\")} ${percent(1001, \"other\")}`";
    assert_eq!(read(&question, text), "4 4 8 3");
}

#[test]
fn percentages_spread_evenly() {
    let room = Room::new(
        "fn connect(session) {
            if session.percent(\"launch\") < 10 { refuse(\"later\") } else { admit() }
        }",
    );
    let program = room.program(throng_plugin_policy_rhai::Hook::Connect);
    let mut refused = 0;
    for user in 0..10_000 {
        let session = throng_engine::policy::SessionFacts {
            user: throng_proto::id::Id::new(user),
            ..session()
        };
        let outcome = program.ask(NOW, &Question::Connect { session: &session });
        refused += u32::from(outcome.verdict != Ok(Verdict::Connect(Connect::Admit)));
    }
    assert!((900..1_100).contains(&refused), "{refused} of 10,000");
}

#[test]
fn constants_and_functions_of_a_script_are_there() {
    let room = Room::new(
        "const LIMIT = 40;
        fn publish(event, author, channel) {
            if too_long(event) { refuse(\"too long\") } else { allow() }
        }
        fn too_long(event) { event.length > global::LIMIT }",
    );
    let verdict = room.ask(NOW, &Question::Publish { event: &message() }).verdict;
    assert_eq!(verdict, Ok(Verdict::Publish(Publish::Refuse("too long".to_owned()))));
}

#[test]
fn of_pressure_and_band_that_are_made_up_one_follows_from_the_other() {
    let pressure = |value: i64| ("pressure", Dynamic::from(value));
    let band = |word: &str| ("band", Dynamic::from(word.to_owned()));
    let node = |given: &[(&'static str, Dynamic)]| {
        parse::node(given.iter().map(|(name, value)| (*name, value)))
    };
    let known = |pressure, band| Ok(NodeFacts { pressure, band });
    assert_eq!(node(&[]), known(0, Band::Calm));
    assert_eq!(node(&[pressure(85)]), known(85, Band::Hot));
    assert_eq!(node(&[band("critical")]), known(95, Band::Critical));
    assert_eq!(node(&[band("busy"), pressure(20)]), known(20, Band::Busy));
    assert_eq!(node(&[pressure(100), band("calm")]), known(100, Band::Calm));
    for wrong in [pressure(101), band("hottest"), ("load", Dynamic::from(1_i64))] {
        assert!(node(&[wrong]).is_err_and(|error| error.key().starts_with("node.")));
    }
}
