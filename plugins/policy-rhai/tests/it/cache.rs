//! Verdicts for equal facts are remembered, and only for those.

use std::time::Duration;

use proptest::prelude::*;
use throng_engine::mode::Mode;
use throng_engine::policy::{AttachmentFacts, Policy as _, SessionFacts};
use throng_plugin_policy_rhai::RhaiPolicy;
use throng_proto::id::Id;

use crate::scene::{NOW, Room, attachment, guild, page, session};

/// Asks about a user, and returns the mode and how many verdicts were remembered ones so far.
fn ask(policy: &RhaiPolicy, user: u64, minutes: u64) -> (Mode, u64) {
    let session = SessionFacts { user: Id::new(user), ..session() };
    let now = NOW.after(Duration::from_secs(60 * minutes));
    let mode = policy.passivity(now, &session, &guild(), &attachment()).mode;
    (mode, hits(policy))
}

fn hits(policy: &RhaiPolicy) -> u64 {
    let metrics = page(policy);
    let line = metrics.lines().find(|line| {
        line.starts_with("throng_policy_cache_hits_total") && line.contains("\"passivity\"")
    });
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("a count")
}

#[test]
fn only_facts_that_were_read_tell_questions_apart() {
    let script =
        "fn passivity(session, guild) { if session.bot { \"active\" } else { \"muted\" } }";
    let policy = Room::new(script).policy();
    assert_eq!(ask(&policy, 1, 0), (Mode::Muted, 0));
    assert_eq!(ask(&policy, 2, 50), (Mode::Muted, 1));
    let bot = SessionFacts { bot: true, ..session() };
    assert_eq!(policy.passivity(NOW, &bot, &guild(), &attachment()).mode, Mode::Active);
    assert_eq!(hits(&policy), 1);
}

#[test]
fn the_hour_is_a_fact_like_others() {
    let script = "fn passivity(session, guild) {
        if clock().hour >= 23 { \"muted\" } else { \"active\" }
    }";
    let policy = Room::new(script).policy();
    assert_eq!(ask(&policy, 1, 0), (Mode::Active, 0));
    assert_eq!(ask(&policy, 2, 29), (Mode::Active, 1));
    assert_eq!(ask(&policy, 3, 30), (Mode::Muted, 1));
    assert_eq!(ask(&policy, 4, 60), (Mode::Muted, 2));
    assert_eq!(ask(&policy, 4, 24 * 60), (Mode::Active, 3));
}

#[test]
fn a_role_that_is_asked_for_is_a_fact_by_itself() {
    let script = "fn passivity(session, guild) {
        if session.has_role(7) { \"active\" } else { \"muted\" }
    }";
    let policy = Room::new(script).policy();
    let roles = |roles: &[u64]| roles.iter().copied().map(Id::new).collect::<Vec<_>>();
    for (hits_before, list) in [(0, roles(&[1, 2])), (1, roles(&[3])), (2, roles(&[]))] {
        let attachment = AttachmentFacts { roles: &list, ..attachment() };
        let verdict = policy.passivity(NOW, &session(), &guild(), &attachment);
        assert_eq!((verdict.mode, hits(&policy)), (Mode::Muted, hits_before));
    }
    let list = roles(&[7, 8]);
    let attachment = AttachmentFacts { roles: &list, ..attachment() };
    assert_eq!(policy.passivity(NOW, &session(), &guild(), &attachment).mode, Mode::Active);
}

#[test]
fn verdicts_of_an_older_version_are_not_remembered() {
    let room = Room::new("fn passivity(session, guild) { \"muted\" }");
    let policy = room.policy();
    assert_eq!(ask(&policy, 1, 0).0, Mode::Muted);
    assert_eq!(ask(&policy, 1, 0).0, Mode::Muted);
    room.write("policy.rhai", "fn passivity(session, guild) { \"passive\" }");
    policy.load().unwrap();
    assert_eq!(ask(&policy, 1, 0), (Mode::Passive, 0));
}

#[test]
fn failures_are_not_remembered() {
    let script = "fn passivity(session, guild) {
        if session.bot { throw \"no\" } else { \"muted\" }
    }";
    let mut room = Room::new(script);
    room.config.failures_max = 1_000;
    let policy = room.policy();
    let bot = SessionFacts { bot: true, ..session() };
    for _ in 0..3 {
        policy.passivity(NOW, &bot, &guild(), &attachment());
    }
    assert_eq!(hits(&policy), 0);
    assert!(page(&policy).contains("hook=\"passivity\",kind=\"raised\"} 3"));
}

#[test]
fn nothing_is_remembered_when_there_is_no_room() {
    let mut room = Room::new("fn passivity(session, guild) { \"muted\" }");
    room.config.cached_verdicts_max = 0;
    let policy = room.policy();
    (0..3).for_each(|_| assert_eq!(ask(&policy, 1, 0), (Mode::Muted, 0)));
}

/// Reads different facts for different values of others, all kinds of them.
const TWISTED: &str = "
    const WANTED = [3, 5];
    fn passivity(session, guild) {
        if session.bot { return if guild.band > 3 { \"active\" } else { \"conflated\" }; }
        if session.os == \"ios\" { return by_time(session); }
        if session.roles.len() > 2 { return \"active\"; }
        for role in global::WANTED { if session.has_role(role) { return \"conflated\"; } }
        if session.percent(\"twist\") < 50 {
            #{ mode: if session.afk { \"muted\" } else { \"passive\" }, recheck: 1 + guild.relays }
        } else {
            session.mode
        }
    }
    fn by_time(session) {
        let there = clock().at(if session.subscribed { 120 } else { -60 });
        if there.hour < 12 { \"passive\" } else { \"active\" }
    }
";

#[test]
fn remembered_verdicts_are_those_that_the_script_would_give() {
    let mut room = Room::new(TWISTED);
    let remembering = room.policy();
    room.config.cached_verdicts_max = 0;
    let forgetful = room.policy();
    let flags = any::<(bool, bool, bool)>();
    let session_facts =
        (0..30_u64, flags, "ios|linux", prop::collection::btree_set(0..7_u64, 0..4));
    let others = (0..4_usize, 0..100_000_usize, 0..3_usize, 0..48_u64);
    proptest!(ProptestConfig::with_cases(4_000), |(facts in session_facts, others in others)| {
        let (user, (bot, afk, subscribed), os, roles) = facts;
        let (mode, attachments, relays, hours) = others;
        let connection = throng_proto::gateway::Connection { os, ..Default::default() };
        let session = SessionFacts {
            user: Id::new(user), bot, afk, connection: connection.into(), ..session()
        };
        let roles: Vec<_> = roles.into_iter().map(Id::new).collect();
        let mode = Some(Mode::ALL[mode]);
        let attachment = AttachmentFacts { roles: &roles, subscribed, mode, ..attachment() };
        let guild = throng_engine::policy::GuildFacts { attachments, relays, ..guild() };
        let now = NOW.after(Duration::from_secs(hours * 1_800));
        let remembered = remembering.passivity(now, &session, &guild, &attachment);
        prop_assert_eq!(remembered, forgetful.passivity(now, &session, &guild, &attachment));
    });
    assert!(hits(&remembering) > 2_000, "{} of 4,000", hits(&remembering));
}

#[test]
fn verdicts_that_are_never_asked_for_again_are_soon_not_kept() {
    let script = "fn passivity(session, guild) {
        if session.user % 2 == 0 { \"muted\" } else { \"passive\" }
    }";
    let policy = Room::new(script).policy();
    let wanted = |user: u64| if user.is_multiple_of(2) { Mode::Muted } else { Mode::Passive };
    for user in 0..6_000 {
        let session = SessionFacts { user: Id::new(user), ..session() };
        let verdict = policy.passivity(NOW, &session, &guild(), &attachment());
        assert_eq!(verdict.mode, wanted(user));
    }
    assert_eq!(ask(&policy, 5_999, 0), (wanted(5_999), 0));
}
