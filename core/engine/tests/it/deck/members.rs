//! Sessions in a guild: who is attached, who hears what, and what the end is like.

use throng_engine::deck::{Ask, Grant, Refusal};
use throng_engine::event::Change;
use throng_engine::policy::{Relief, Shed};
use throng_engine::welcome::{Welcome, guild_segment};
use throng_proto::event::{EventKind, Scope};
use throng_proto::intents::Intents;
use throng_proto::model::Status;

use super::bench::Bench;
use super::guilds::{happened, said, seat, view};
use crate::scene::{self, ALICE, GUILD, OPEN, RED, SECRET};

const GONE: &str = "GUILD_DELETE";

#[test]
fn a_session_asks_a_guild_once_and_hears_it_once_it_is_taken() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.pass();
    bench.read(0);
    let slot = bench.slot(0);
    bench.deck.joined(Bench::user(0), GUILD);
    let asked = bench.attaches();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].session, asked[0].initial), (bench.reference(0), false));
    assert!(bench.deck.is_in(bench.reference(0), GUILD), "it waits");
    bench.deck.joined(Bench::user(0), GUILD);
    assert_eq!(bench.attaches().len(), 0, "it has asked");
    assert!(bench.hear(&said(1, "early", ALICE), 1).is_empty());
    bench.grant(&asked[0], &[]);
    assert!(bench.session(0).membership(GUILD).unwrap().relay().is_some());
    assert_eq!(bench.deck.relays(GUILD).unwrap().len(), 1);
    assert_eq!(bench.hear(&said(2, "heard", ALICE), 1), [0]);
    bench.grant(&asked[0], &[]);
    bench.deck.join_session(GUILD, slot);
    assert_eq!(bench.attaches().len(), 0);
    bench.publish(&said(3, "once", ALICE));
    bench.pass();
    assert_eq!(bench.texts(0), ["once"]);
}

#[test]
fn a_place_that_nobody_wants_any_more_is_given_back() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.deck.joined(Bench::user(0), GUILD);
    let asked = bench.attaches().remove(0);
    bench.deck.end(bench.slot(0));
    assert_eq!(bench.detaches(), [Bench::user(0)], "it may have been granted");
    bench.grant(&asked, &[]);
    assert_eq!(bench.detaches(), [Bench::user(0)]);
    assert!(bench.deck.relays(GUILD).is_none());
}

#[test]
fn l6_a_session_whose_user_leaves_is_told_and_hears_nothing_more() {
    let mut bench = Bench::crowd(3);
    bench.publish(&happened(1, EventKind::GuildMemberRemove, Change::Left(Bench::user(1))));
    assert_eq!(bench.detaches(), [Bench::user(1)]);
    bench.publish(&said(2, "after", ALICE));
    bench.pass();
    assert_eq!(bench.texts(1), ["GUILD_MEMBER_REMOVE", GONE]);
    assert_eq!(bench.texts(0), ["GUILD_MEMBER_REMOVE", "after"]);
    assert!(bench.session(1).guilds.is_empty());
    bench.deck.turned_away(bench.reference(1), GUILD);
    bench.deck.expel_session(GUILD, bench.slot(1));
    bench.pass();
    assert!(bench.texts(1).is_empty(), "it is told once");
    bench.enter(1);
    assert_eq!(bench.hear(&said(3, "back", ALICE), 3), [0, 1, 2]);
}

/// Who names its intents without GUILDS is not told of guilds that begin or end.
#[test]
fn l2_a_session_without_the_intent_for_guilds_is_not_told_of_their_end() {
    let mut bench = Bench::new();
    bench.join_as(0, |identity| identity.intents = Intents::GUILD_MESSAGES);
    bench.enter(0);
    bench.pass();
    bench.read(0);
    bench.deck.expel_session(GUILD, bench.slot(0));
    bench.pass();
    assert!(bench.texts(0).is_empty());
    assert!(bench.session(0).guilds.is_empty());
}

#[test]
fn the_relays_of_a_guild_end_with_its_last_session_here() {
    let mut bench = Bench::crowd(2);
    bench.deck.end(bench.slot(0));
    assert!(bench.deck.relays(GUILD).is_some());
    bench.deck.end(bench.slot(1));
    assert!(bench.deck.relays(GUILD).is_none());
    assert_eq!(bench.detaches(), [Bench::user(0), Bench::user(1)]);
    assert_eq!((bench.deck.counts().relays_started, bench.deck.counts().relays_ended), (1, 1));
}

#[test]
fn a_guild_that_is_gone_takes_everybody_and_tells_who_waited() {
    let mut bench = Bench::crowd(2);
    bench.join(2);
    bench.pass();
    bench.read(2);
    bench.deck.joined(Bench::user(2), GUILD);
    bench.publish(&happened(1, EventKind::GuildDelete, Change::Gone));
    bench.pass();
    for user in 0..3 {
        assert_eq!(bench.texts(user), [GONE], "{user}");
        assert!(bench.session(user).guilds.is_empty(), "{user}");
    }
    assert!(bench.deck.relays(GUILD).is_none());
    assert!(bench.hear(&said(2, "after", ALICE), 3).is_empty());
}

/// A guild that was joined later than READY differs by a key that is not there.
#[test]
fn a_session_is_welcomed_with_what_its_guild_is_like() {
    for (initial, threshold, large) in
        [(true, 9, true), (true, 10, false), (false, 10, false), (false, 50, false)]
    {
        let mut bench = Bench::new();
        bench.join_as(0, |identity| identity.large_threshold = threshold);
        bench.deck.join_session(GUILD, bench.slot(0));
        let attach = bench.attaches().remove(0);
        let guild = guild_segment(&scene::shape(), &Default::default(), 10);
        let welcome = Some(Welcome { guild, crowd: None, own: None, member_count: 10 });
        let seat = seat(&attach, &[]);
        bench.deck.attached(Grant { seat, view: view(0), welcome, initial });
        bench.settle();
        assert!(bench.session(0).membership(GUILD).unwrap().welcomed);
        let body = bench.deck.log().entry(bench.deck.log().end().before().unwrap());
        let payload = scene::payload(body.unwrap().body.as_ref().unwrap());
        assert_eq!(payload["d"]["large"], large);
        assert_eq!(payload["d"].get("unavailable").is_some(), initial);
        bench.pass();
        assert_eq!(bench.texts(0), ["welcome", "GUILD_CREATE"]);
    }
}

/// L1: roles decide from the first event on.
#[test]
fn l1_a_hidden_channel_is_told_to_whose_roles_let_them_view_it() {
    let mut bench = Bench::new();
    for user in [1, 2] {
        bench.join(user);
        let roles: &[_] = if user == 1 { &[RED] } else { &[] };
        bench.enter_with(user, roles);
    }
    bench.pass();
    bench.texts(1);
    bench.texts(2);
    let secret = scene::message(SECRET, scene::OWNER, Default::default());
    bench.publish(&secret.into());
    bench.pass();
    assert_eq!(bench.texts(1), ["MESSAGE_CREATE"]);
    assert!(bench.texts(2).is_empty());
}

#[test]
fn who_is_hidden_is_not_here() {
    let mut bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.mode = throng_engine::mode::Mode::Passive);
    for (user, status) in [(0, Status::Invisible), (1, Status::Online), (2, Status::Idle)] {
        bench.join_as(user, |identity| identity.status = status);
        bench.enter(user);
    }
    bench.pass();
    (0..3).for_each(|user| _ = bench.read(user));
    let mut here = |sequence| {
        let mentions = throng_proto::event::Mentions { here: true, ..Default::default() };
        let event = scene::message(OPEN, scene::OWNER, mentions);
        bench.hear(&throng_engine::event::Event { sequence, ..event }.into(), 3)
    };
    assert_eq!(here(1), [1, 2]);
}

#[test]
fn what_the_node_does_without_reaches_nobody_and_is_counted() {
    let mut bench = Bench::crowd(2);
    let typing = scene::event(EventKind::TypingStart, Scope::Channel(OPEN), None).into();
    let presence = scene::event(EventKind::PresenceUpdate, Scope::Guild, None).into();
    bench.deck.shed(Shed::these(&[Relief::Typing, Relief::Presence]));
    assert!(bench.hear(&typing, 2).is_empty());
    assert_eq!(bench.refused(), [(Refusal::Overload, 1)]);
    assert!(bench.hear(&presence, 2).is_empty());
    assert_eq!(bench.refused(), [(Refusal::Overload, 1), (Refusal::PresenceShed, 1)]);
    assert_eq!(bench.hear(&said(3, "still", ALICE), 2), [0, 1]);
    assert_eq!(bench.refused(), []);
    bench.deck.shed(Shed::NOTHING);
    assert_eq!(bench.hear(&typing, 2), [0, 1]);
}

/// An author pays for what its words cost, and a guild for what it says of itself does not.
#[test]
fn words_cost_their_author_as_many_bytes_as_links_are_sent() {
    let mut bench = Bench::crowd(4);
    bench.deck.detach(bench.slot(3));
    let event = said(1, "costs", ALICE);
    bench.publish(&event);
    let bytes = event.body.text_bytes() as u64;
    let costs = |bench: &mut Bench| -> Vec<_> {
        let outputs = bench.outputs().into_iter();
        let cost = outputs.filter_map(|output| match output {
            throng_engine::deck::Output::Delivered(user, cost) => Some((user, cost)),
            _ => None,
        });
        cost.collect()
    };
    assert_eq!(costs(&mut bench), [(ALICE, 3 * bytes)], "nobody is sent the fourth now");
    bench.deck.end(bench.slot(0));
    bench.publish(&said(2, "costs", ALICE));
    assert_eq!(costs(&mut bench), [(ALICE, 2 * bytes)], "two have links, of three");
    let id = bench.session(3).id;
    bench.resume(3, &id, 0);
    bench.resume(3, &id, 0);
    bench.deck.detach(bench.slot(1));
    bench.publish(&said(3, "costs", ALICE));
    assert_eq!(costs(&mut bench), [(ALICE, 2 * bytes)], "another one has lost its link");
    for (kind, talk) in [
        (EventKind::MessageUpdate, true),
        (EventKind::MessageReactionAdd, true),
        (EventKind::TypingStart, true),
        (EventKind::ChannelUpdate, false),
        (EventKind::GuildMemberUpdate, false),
        (EventKind::PresenceUpdate, false),
    ] {
        bench.publish(&scene::event(kind, Scope::Guild, Some(scene::OWNER)).into());
        assert_eq!(!costs(&mut bench).is_empty(), talk, "{kind:?}");
    }
}

#[test]
fn events_are_counted_for_each_relay_that_looks_at_them() {
    let bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.plan.capacity = 1);
    let mut bench = bench.crowded(3);
    let kind = EventKind::MessageCreate as usize;
    let before = bench.deck.counts().deliveries[kind];
    bench.publish(&said(1, "one", ALICE));
    assert_eq!(bench.deck.counts().events[kind], 3);
    assert_eq!(bench.deck.counts().deliveries[kind] - before, 3);
    let gauges = bench.deck.gauges();
    assert_eq!((gauges.relays, gauges.members, gauges.modes), (3, 3, [3, 0, 0, 0]));
}

/// The guild is asked to let go whoever ends, also who has only waited.
#[test]
fn a_session_that_ends_is_let_go_by_every_guild_it_asked() {
    let mut bench = Bench::crowd(1);
    bench.deck.join_session(OPEN.cast(), bench.slot(0));
    bench.outputs();
    bench.deck.end(bench.slot(0));
    let guilds: Vec<_> = bench
        .asks()
        .into_iter()
        .filter(|(_, ask)| matches!(ask, Ask::Detach { .. }))
        .map(|(guild, _)| guild)
        .collect();
    assert_eq!(guilds, [GUILD, OPEN.cast()]);
}
