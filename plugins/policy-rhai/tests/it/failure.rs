//! What happens when a script fails.

use std::time::Duration;

use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::policy::{
    AttachmentFacts, Connect, Lag, NodeFacts, Passivity, Placement, Policy as _, Publish,
    RelayFacts, ShardKey, Shed, Split,
};
use throng_plugin_policy_rhai::{HookConfig, OnFailure, RhaiPolicy};
use throng_proto::event::EventClass;

use crate::scene::{BEHIND, NODE, NOW, Room, attachment, guild, message, page, session};

const BROKEN: &str = "
    fn connect(session) { throw \"broken\" }
    fn passivity(session, guild) { throw \"broken\" }
    fn delivery(guild) { throw \"broken\" }
    fn relays(guild) { throw \"broken\" }
    fn relay(session, guild, relays) { throw \"broken\" }
    fn publish(event, author, channel) { throw \"broken\" }
    fn lag(session) { throw \"broken\" }
    fn overload(node) { throw \"broken\" }
";
const RELAYS: [RelayFacts; 2] =
    [RelayFacts { relay: 7, load: 3 }, RelayFacts { relay: 8, load: 4 }];

fn broken(on_failure: OnFailure) -> RhaiPolicy {
    let mut room = Room::new(BROKEN);
    let hooks = &mut room.config.hooks;
    for hook in [
        &mut hooks.connect,
        &mut hooks.passivity,
        &mut hooks.delivery,
        &mut hooks.relays,
        &mut hooks.relay,
        &mut hooks.publish,
        &mut hooks.lag,
        &mut hooks.overload,
    ] {
        *hook = HookConfig { on_failure, ..*hook };
    }
    room.policy()
}

/// A mode that is asked for again soon, because no script chose it.
fn for_now(mode: Mode) -> Passivity {
    Passivity { mode, recheck: Some(Duration::from_secs(60)) }
}

#[test]
fn an_open_hook_permits() {
    let policy = broken(OnFailure::Open);
    assert_eq!(policy.connect(NOW, &session()), Connect::Admit);
    let mode = policy.passivity(NOW, &session(), &guild(), &attachment());
    assert_eq!(mode, for_now(Mode::Active));
    assert_eq!(policy.delivery(NOW, &guild()), DeliveryTable::default());
    let plan = Split { capacity: 15_000, count: 1, key: ShardKey::None };
    assert_eq!(policy.relays(NOW, &guild()), plan);
    assert_eq!(policy.relay(NOW, &session(), &guild(), &RELAYS), Placement::Relay(7));
    assert_eq!(policy.relay(NOW, &session(), &guild(), &[]), Placement::New);
    assert_eq!(policy.publish(NOW, &message()), Publish::Allow);
    assert_eq!(policy.lag(NOW, &session(), &BEHIND), Lag::Conflate);
    assert_eq!(policy.overload(NOW, &NODE), Shed::NOTHING);
}

#[test]
fn a_closed_hook_refuses() {
    let policy = broken(OnFailure::Closed);
    let Connect::Refuse { retry_after, .. } = policy.connect(NOW, &session()) else {
        panic!("it refuses")
    };
    assert_eq!(retry_after, Duration::from_secs(10));
    let mode = policy.passivity(NOW, &session(), &guild(), &attachment());
    assert_eq!(mode, for_now(Mode::Passive));
    let table = policy.delivery(NOW, &guild());
    assert_eq!(table.of(Mode::Active, EventClass::Typing), Delivery::Full);
    assert_eq!(table.of(Mode::Passive, EventClass::Structure), Delivery::Full);
    assert_eq!(table.of(Mode::Passive, EventClass::Message), Delivery::Digest);
    assert_eq!(table.of(Mode::Conflated, EventClass::Reaction), Delivery::Drop);
    assert_eq!(table.of(Mode::Muted, EventClass::Message), Delivery::Drop);
    assert_eq!(table.of(Mode::Muted, EventClass::Own), Delivery::Full);
    assert_eq!(policy.relays(NOW, &guild()).count, 1);
    assert_eq!(policy.relay(NOW, &session(), &guild(), &RELAYS), Placement::Relay(7));
    assert!(matches!(policy.publish(NOW, &message()), Publish::Refuse(_)));
    assert_eq!(policy.lag(NOW, &session(), &BEHIND), Lag::Close);
    let shed = policy.overload(NOW, &NODE);
    assert!(shed.contains(EventClass::Typing) && shed.contains(EventClass::Presence));
}

#[test]
fn the_last_good_mode_is_the_one_in_force() {
    let policy = broken(OnFailure::LastGood);
    for mode in Mode::ALL {
        let attachment = AttachmentFacts { mode: Some(mode), ..attachment() };
        let verdict = policy.passivity(NOW, &session(), &guild(), &attachment);
        assert_eq!(verdict, for_now(mode));
    }
    // There is none yet, and the native default has this client passive.
    let fresh = AttachmentFacts { mode: None, ..attachment() };
    let verdict = policy.passivity(NOW, &session(), &guild(), &fresh);
    assert_eq!(verdict, for_now(Mode::Passive));
}

#[test]
fn the_last_good_verdict_is_that_of_the_same_guild_and_outlives_its_version() {
    let mut room = Room::new("fn relays(guild) { #{count: guild.relays} }");
    room.config.hooks.relays.on_failure = OnFailure::LastGood;
    let policy = room.policy();
    assert_eq!(policy.relays(NOW, &guild()).count, 2);
    room.write("policy.rhai", "fn relays(guild) { throw \"broken\" }");
    policy.load().unwrap();
    assert_eq!(policy.relays(NOW, &guild()).count, 2, "as it was");
    let other =
        throng_engine::policy::GuildFacts { guild: throng_proto::id::Id::new(3), ..guild() };
    assert_eq!(policy.relays(NOW, &other).count, 1, "as the native default has it");
}

#[test]
fn a_last_good_relay_that_is_gone_is_not_chosen() {
    let mut room = Room::new(
        "fn relay(session, guild, relays) {
            if relays.len() < 2 { throw \"broken\" } else { relays[1].number }
        }",
    );
    room.config.hooks.relay.on_failure = OnFailure::LastGood;
    let policy = room.policy();
    let place = |relays: &[RelayFacts]| policy.relay(NOW, &session(), &guild(), relays);
    assert_eq!(place(&RELAYS), Placement::Relay(8));
    assert_eq!(place(&RELAYS[1..]), Placement::Relay(8));
    assert_eq!(place(&RELAYS[..1]), Placement::Relay(7));
}

#[test]
fn a_hook_that_fails_again_and_again_is_left_alone_for_a_while() {
    let room = Room::new(
        "fn overload(node) { if node.pressure > 50 { throw \"broken\" } [\"reaction\"] }",
    );
    let policy = room.policy();
    let node = NodeFacts::usual;
    let count = |name: &str| {
        let metrics = page(&policy);
        let line = metrics.lines().find(|line| {
            line.starts_with(name) && line.contains("\"overload\"") && !line.ends_with(" 0")
        });
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    };
    let reactions = Shed::NOTHING.with(EventClass::Reaction).unwrap();
    for _ in 0..20 {
        policy.overload(NOW, &node(80));
    }
    assert_eq!(count("throng_policy_errors_total"), 5);
    assert_eq!(count("throng_policy_skipped_total"), 15);
    assert_eq!(count("throng_policy_breaker_open"), 1);
    assert_eq!(policy.overload(NOW, &node(10)), Shed::NOTHING, "other facts do not run either");
    room.clock.advance(Duration::from_secs(10));
    policy.overload(NOW, &node(80));
    assert_eq!(count("throng_policy_errors_total"), 6, "one trial");
    assert_eq!(policy.overload(NOW, &node(10)), Shed::NOTHING);
    room.clock.advance(Duration::from_secs(10));
    assert_eq!(policy.overload(NOW, &node(10)), reactions);
    assert_eq!(count("throng_policy_breaker_open"), 0);
    assert_eq!(policy.overload(NOW, &node(80)), reactions, "the last good verdict");
}

#[test]
fn a_new_version_starts_with_a_closed_breaker() {
    let room = Room::new("fn lag(session) { throw \"broken\" }");
    let policy = room.policy();
    (0..9).for_each(|_| assert_eq!(policy.lag(NOW, &session(), &BEHIND), Lag::Close));
    room.write("policy.rhai", "fn lag(session) { \"passive\" }");
    policy.load().unwrap();
    assert_eq!(policy.lag(NOW, &session(), &BEHIND), Lag::Passive);
}
