//! How much sessions receive: what the policy is asked, when, and what its verdict does.

use std::time::Duration;

use throng_engine::deck::Reviewed;
use throng_engine::event::{Change, Event};
use throng_engine::mode::Mode;
use throng_engine::policy::{GuildFacts, Relief, Shed};
use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::{PresenceUpdate, Subscription};
use throng_proto::id::MessageId;
use throng_proto::model::{Profile, Status};

use super::bench::Bench;
use super::guilds::{happened, said, secs, view};
use crate::scene::{self, ALICE, GUILD, OPEN};

const DIGEST: &str = "CHANNEL_UNREAD_UPDATE";

fn typing(on: bool) -> Subscription {
    Subscription { typing: Some(on), ..Subscription::default() }
}

/// A message that is the last one of its channel.
fn last(sequence: u64) -> std::sync::Arc<Event> {
    let change = Change::LastMessage(OPEN, MessageId::new(1_000 + sequence));
    let event = scene::message(OPEN, ALICE, Default::default());
    Event { sequence, change, stripped: None, ..event }.into()
}

/// Reviews everything there is to review, and sums it.
fn review(bench: &mut Bench) -> Reviewed {
    let mut sum = Reviewed::default();
    while let Some(reviewed) = bench.deck.review_slice() {
        assert!(reviewed.done <= 64, "others have their turn");
        sum.done += reviewed.done;
        sum.changed += reviewed.changed;
        sum.whole |= reviewed.whole;
    }
    bench.settle();
    sum
}

#[test]
fn who_looks_at_a_guild_is_asked_about_at_once_and_told_what_it_missed() {
    let bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.mode = Mode::Passive);
    let mut bench = bench.crowded(2);
    bench.publish(&last(1));
    bench.pass();
    assert!(bench.texts(0).is_empty());
    assert_eq!(bench.policy.asked().passivity, [false, false], "as they came");
    bench.policy.says(|verdicts| verdicts.mode = Mode::Active);
    bench.deck.subscribe(bench.slot(0), GUILD, typing(true));
    assert_eq!(bench.policy.asked().passivity, [true]);
    bench.settle();
    assert!(bench.session(0).membership(GUILD).unwrap().subscribed);
    bench.publish(&said(2, "live", ALICE));
    bench.pass();
    assert_eq!(bench.texts(0), [DIGEST, "live"]);
    assert!(bench.texts(1).is_empty(), "nobody asked about it");
    bench.deck.digest();
    bench.settle();
    bench.pass();
    assert_eq!(bench.texts(1), [DIGEST]);
    assert!(bench.texts(0).is_empty(), "L4: it was told");
    bench.policy.says(|verdicts| verdicts.mode = Mode::Muted);
    bench.deck.subscribe(bench.slot(0), GUILD, typing(false));
    assert_eq!(bench.policy.asked().passivity, [false]);
    assert_eq!(bench.deck.gauges().modes, [0, 0, 1, 1]);
    bench.deck.subscribe(bench.slot(0), GUILD, Subscription::default());
    assert!(!bench.session(0).membership(GUILD).unwrap().subscribed, "absent keys change nothing");
}

#[test]
fn the_policy_is_asked_again_when_it_wanted_to_be() {
    let bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.recheck = Some(secs(10)));
    let mut bench = bench.crowded(1);
    bench.policy.asked();
    bench.wait(secs(9));
    assert!(!bench.deck.has_review());
    assert_eq!(bench.deck.review_slice(), None);
    bench.wait(Duration::from_millis(1_500));
    assert!(bench.deck.has_review());
    bench.policy.says(|verdicts| (verdicts.mode, verdicts.recheck) = (Mode::Muted, None));
    assert_eq!(review(&mut bench), Reviewed { done: 1, changed: 1, whole: false });
    assert_eq!(bench.deck.gauges().modes, [0, 0, 0, 1]);
    bench.wait(secs(100));
    assert!(!bench.deck.has_review(), "it did not want to be asked once more");
}

/// The nearest deadline counts, and one that has passed is no deadline.
#[test]
fn the_policy_is_asked_at_the_first_of_the_times_it_named() {
    let bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.recheck = Some(secs(20)));
    let mut bench = bench.crowded(1);
    for (named, due) in [(60, false), (5, true)] {
        bench.policy.says(|verdicts| verdicts.recheck = Some(secs(named)));
        bench.deck.subscribe(bench.slot(0), GUILD, typing(true));
        bench.wait(secs(6));
        assert_eq!(bench.deck.has_review(), due, "{named}");
    }
    review(&mut bench);
    bench.wait(secs(4));
    assert!(!bench.deck.has_review());
    bench.wait(secs(2));
    assert!(bench.deck.has_review(), "it named 5 seconds again");
}

/// A session that ended, or left the guild, is not asked about.
#[test]
fn nobody_is_asked_about_who_is_not_there_any_more() {
    let bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.recheck = Some(secs(10)));
    let mut bench = bench.crowded(3);
    bench.deck.expel_session(GUILD, bench.slot(0));
    bench.deck.end(bench.slot(1));
    bench.policy.says(|verdicts| verdicts.recheck = None);
    bench.join(1);
    bench.enter(1);
    bench.policy.asked();
    bench.wait(secs(12));
    assert_eq!(review(&mut bench).done, 1, "only the third");
    assert_eq!(bench.deck.verdict(bench.slot(0), GUILD), None);
    assert!(bench.deck.verdict(bench.slot(1), GUILD).is_some());
}

#[test]
fn another_policy_is_asked_about_everybody_in_slices() {
    let mut bench = Bench::crowd(150);
    bench.policy.says(|verdicts| {
        verdicts.mode = Mode::Passive;
        verdicts.no_typing = true;
    });
    assert_eq!(bench.deck.review_all(), 150);
    assert!(bench.deck.has_review());
    let reviewed = review(&mut bench);
    assert_eq!(reviewed, Reviewed { done: 150, changed: 150, whole: true });
    assert!(bench.deck.has_review(), "it is to be ended");
    assert!(bench.deck.end_review() && !bench.deck.end_review());
    assert!(!bench.deck.has_review());
    assert_eq!(bench.deck.gauges().modes, [0, 0, 150, 0]);
    assert_eq!(bench.deck.review_all(), 150);
    assert_eq!(review(&mut bench).changed, 0);
}

#[test]
fn who_becomes_active_by_a_review_is_told_what_it_missed() {
    let bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.mode = Mode::Passive);
    let mut bench = bench.crowded(2);
    bench.publish(&last(1));
    bench.policy.says(|verdicts| {
        verdicts.mode = Mode::Active;
        verdicts.recheck = Some(secs(1));
    });
    bench.deck.review_all();
    review(&mut bench);
    bench.pass();
    assert_eq!((bench.texts(0), bench.texts(1)), (vec![DIGEST.into()], vec![DIGEST.into()]));
    bench.deck.end_review();
    bench.wait(secs(2));
    assert!(bench.deck.has_review(), "it wanted to be asked again");
}

#[test]
fn roles_and_sizes_that_change_are_reasons_to_ask_again() {
    let mut bench = Bench::crowd(3);
    let due = |bench: &mut Bench| review(bench).done;
    for (kind, many) in [
        (EventKind::GuildRoleUpdate, 3),
        (EventKind::GuildRoleDelete, 3),
        (EventKind::GuildRoleCreate, 0),
        (EventKind::ChannelUpdate, 0),
    ] {
        bench.publish(&happened(1, kind, Change::Nothing));
        assert_eq!(due(&mut bench), many, "{kind:?}");
    }
    let profile = std::sync::Arc::new(Profile::new(scene::JOINED, vec![scene::RED]));
    let change = Change::Member(Bench::user(1), profile);
    bench.publish(&happened(2, EventKind::GuildMemberUpdate, change));
    assert_eq!(due(&mut bench), 1);
    let facts = GuildFacts { attachments: 5_000, ..view(0).facts };
    bench.policy.says(|verdicts| verdicts.no_typing = true);
    bench.deck.resized(facts);
    assert_eq!(bench.deck.relays(GUILD).unwrap().facts(), &facts);
    assert_eq!(due(&mut bench), 3);
    bench.pass();
    (0..3).for_each(|user| _ = bench.read(user));
    let typing = scene::event(EventKind::TypingStart, Scope::Channel(OPEN), None).into();
    assert!(bench.hear(&typing, 3).is_empty(), "the table is another one");
    bench.deck.resized(GuildFacts { guild: OPEN.cast(), ..facts });
    assert_eq!(due(&mut bench), 0, "it is not here");
}

#[test]
fn what_a_session_shows_is_kept_and_only_some_of_it_is_a_reason_to_ask() {
    let mut bench = Bench::crowd(1);
    let slot = bench.slot(0);
    bench.policy.asked();
    let online = PresenceUpdate {
        since: None,
        activities: Default::default(),
        status: Status::Online,
        afk: false,
    };
    let away = PresenceUpdate { afk: true, ..online.clone() };
    let hidden = PresenceUpdate { status: Status::Invisible, ..away.clone() };
    for (shown, changes) in [(&online, false), (&away, true), (&away, false), (&hidden, true)] {
        assert_eq!(bench.deck.show(slot, shown), changes, "{shown:?}");
        let identity = &bench.session(0).identity;
        assert_eq!((identity.afk, identity.status), (shown.afk, shown.status));
        let (shows, facts) = (identity.shows(), identity.facts());
        assert_eq!((shows.afk, shows.status), (shown.afk, shown.status));
        assert_eq!((facts.afk, facts.status), (shown.afk, shown.status));
        bench.deck.show_in(slot, GUILD, shown.status, changes);
        assert_eq!(bench.policy.asked().passivity.len(), usize::from(changes));
    }
    assert!(!bench.deck.show(99, &hidden));
}

/// Who is not seen as online is not notified by @here, from the moment on that it hides.
#[test]
fn who_hides_is_not_here_any_more() {
    let bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.mode = Mode::Passive);
    let mut bench = bench.crowded(2);
    let mentions = throng_proto::event::Mentions { here: true, ..Default::default() };
    let event = std::sync::Arc::new(scene::message(OPEN, scene::OWNER, mentions));
    for (status, here) in
        [(Status::Invisible, vec![1]), (Status::Idle, vec![0, 1]), (Status::Online, vec![0, 1])]
    {
        bench.deck.show_in(bench.slot(0), GUILD, status, false);
        assert_eq!(bench.hear(&event, 2), here, "{status:?}");
    }
}

#[test]
fn large_guilds_give_digests_as_long_as_streams_are_shed() {
    for (least, degraded) in [(10, true), (11, false)] {
        let mut bench = Bench::with(|config| config.degrade_attachments_min = least).crowded(2);
        bench.deck.shed(Shed::these(&[Relief::Streams]));
        bench.wait(secs(1));
        assert_eq!(bench.deck.counts().degraded, u64::from(degraded));
        bench.publish(&last(1));
        bench.pass();
        assert_eq!(bench.texts(0).is_empty(), degraded);
        bench.deck.shed(Shed::these(&[Relief::Typing]));
        bench.wait(secs(1));
        assert_eq!(bench.deck.counts().degraded, 0);
        bench.publish(&said(2, "live", ALICE));
        bench.pass();
        let due: &[_] = if degraded { &[DIGEST, "live"] } else { &["live"] };
        assert_eq!(bench.texts(0), due);
    }
}
