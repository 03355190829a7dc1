//! Who of a relay gets an event.

use std::sync::Arc;

use roaring::RoaringBitmap;
use throng_engine::event::{Change, Event};
use throng_engine::mode::{Delivery, DeliveryTable, Mode};
use throng_engine::relay::{Attachment, Audience, DigestKind, Interest, Relay, Variant};
use throng_proto::event::{EventClass, EventKind, Mentions, Scope};
use throng_proto::id::{RoleId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::Profile;
use throng_proto::record::EventRecord;
use throng_proto::time::Timestamp;

use crate::random::Random;
use crate::scene::{
    self, ALICE, BOB, GUILD, OPEN, OWNER, RED, SECRET, event, message, naming, session,
};
use crate::world::World;

fn relay() -> Relay {
    Relay::new(Arc::new(scene::shape()), DeliveryTable::default())
}

fn full(audience: &Audience) -> Vec<u32> {
    audience.full.iter().collect()
}

fn stripped(audience: &Audience) -> Vec<u32> {
    audience.stripped.iter().collect()
}

fn mentioning(users: &[UserId]) -> Mentions {
    Mentions { users: users.to_vec(), ..Mentions::default() }
}

/// L1, L2: after any history, the audience of any event is what every session alone would be given.
#[test]
fn an_audience_is_the_sum_of_what_each_session_may_get() {
    for seed in 0..300 {
        let mut world = World::new(seed);
        for _ in 0..80 {
            world.step();
            for _ in 0..4 {
                let event = world.event();
                world.check(&event);
            }
        }
    }
}

/// L3: whoever comes, goes or changes, the relay holds exactly the members of its attachments.
#[test]
fn a_relay_holds_the_members_of_its_attachments_only() {
    for seed in 1000..1100 {
        let mut world = World::new(seed);
        for _ in 0..80 {
            world.step();
            world.check_holdings();
        }
    }
}

/// L3: a change to somebody without sessions here leaves no trace.
#[test]
fn members_without_sessions_are_not_kept() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Active), &[]);
    relay.attach(1, session(ALICE, Mode::Passive), &[]);
    let profile = Arc::new(Profile::new(scene::JOINED, vec![RED]));
    relay.apply(&Change::Member(BOB, profile));
    assert_eq!(relay.member_count(), 1);
    relay.detach(0);
    assert_eq!(relay.member_count(), 1, "one session is still there");
    relay.detach(1);
    assert_eq!((relay.member_count(), relay.is_empty()), (0, true));
    assert!(relay.slots_of(ALICE).is_none());
}

/// Equal histories give equal outputs, so that any run can be replayed.
#[test]
fn equal_histories_give_equal_audiences_and_digests() {
    let trace = |seed| {
        let mut world = World::new(seed);
        let mut trace = String::new();
        for _ in 0..150 {
            world.step();
            world.say();
            let event = world.event();
            trace.push_str(&format!("{:?}", world.relay.audience(&event)));
            if world.random.one_in(8) {
                for digest in world.digest() {
                    trace.push_str(&format!("{:?} {:?}", digest.to, digest.body.text()));
                }
            }
        }
        trace
    };
    for seed in 2000..2020 {
        assert!(trace(seed) == trace(seed), "seed {seed}");
    }
}

/// L1: who gains or loses a role, or is named by an overwrite, sees what that allows at once.
#[test]
fn views_follow_roles_overwrites_and_the_owner() {
    let shape = scene::shape();
    let mut relay = relay();
    for (slot, user) in [(0, OWNER), (1, ALICE), (2, BOB)] {
        relay.attach(slot, session(user, Mode::Active), &[]);
    }
    let said = message(SECRET, UserId::new(9), Mentions::default());
    assert_eq!(full(&relay.audience(&said)), [0], "the owner sees everything");

    relay.apply(&Change::Member(ALICE, Arc::new(Profile::new(scene::JOINED, vec![RED]))));
    assert_eq!(full(&relay.audience(&said)), [0, 1]);

    let overwrites = vec![
        scene::deny_role(GUILD.cast()),
        scene::allow_role(RED),
        scene::deny_member(ALICE),
        scene::allow_member(BOB),
    ];
    let named = scene::overwritten(&shape, SECRET, overwrites);
    relay.apply(&Change::Shape(Arc::clone(&named)));
    assert_eq!(full(&relay.audience(&said)), [0, 2]);

    let mut crowned = scene::shape();
    crowned.guild.owner_id = BOB;
    relay.apply(&Change::Shape(Arc::new(crowned)));
    assert_eq!(full(&relay.audience(&said)), [1, 2], "the old owner is like anybody");
}

/// L1: a mention does not open a channel.
#[test]
fn a_mention_reaches_nobody_who_may_not_view_the_channel() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Active), &[]);
    relay.attach(1, session(BOB, Mode::Passive), &[]);
    let mentions =
        Mentions { users: vec![ALICE, BOB], roles: vec![RED], everyone: true, here: true };
    assert!(relay.audience(&message(SECRET, OWNER, mentions)).is_empty());
}

/// L2: a mention does not stand for an intent.
#[test]
fn a_mention_reaches_nobody_who_did_not_name_the_intent() {
    let mut relay = relay();
    relay.attach(0, naming(Intents::GUILDS, session(ALICE, Mode::Active)), &[]);
    let mentions = Mentions { users: vec![ALICE], roles: vec![], everyone: true, here: true };
    assert!(relay.audience(&message(OPEN, OWNER, mentions)).is_empty());
}

#[test]
fn passive_sessions_get_messages_only_that_mention_them() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Passive), &[RED]);
    relay.attach(1, session(BOB, Mode::Passive), &[]);
    let everyone = Mentions { everyone: true, ..Mentions::default() };
    let role = Mentions { roles: vec![RED], ..Mentions::default() };
    let given = |mentions| full(&relay.audience(&message(OPEN, OWNER, mentions)));
    assert_eq!(given(Mentions::default()), [] as [u32; 0]);
    assert_eq!(given(mentioning(&[BOB])), [1]);
    assert_eq!(given(role), [0]);
    assert_eq!(given(everyone), [0, 1]);
}

#[test]
fn passive_sessions_that_nobody_sees_online_are_not_here() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Passive), &[]);
    relay.attach(1, session(BOB, Mode::Passive), &[]);
    relay.attach(2, session(BOB, Mode::Active), &[]);
    relay.set_hidden(1, true);
    relay.set_hidden(2, true);
    relay.set_hidden(9, true);
    let given = |relay: &Relay, mentions| full(&relay.audience(&message(OPEN, OWNER, mentions)));
    let here = || Mentions { here: true, ..Mentions::default() };
    let everyone = Mentions { everyone: true, ..here() };
    assert_eq!(given(&relay, here()), [0, 2], "who reads everything reads this, too");
    assert_eq!(given(&relay, everyone), [0, 1, 2]);
    relay.set_hidden(1, false);
    assert_eq!(given(&relay, here()), [0, 1, 2]);
    relay.set_hidden(0, true);
    relay.detach(0);
    relay.attach(0, session(ALICE, Mode::Passive), &[]);
    assert_eq!(given(&relay, here()), [0, 1, 2], "the next session of a slot is another");
}

/// Column P of the rest set: structure and what is one's own, nothing else.
#[test]
fn passive_sessions_get_the_rest_set_whatever_mentions_them() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Passive), &[]);
    for kind in EventKind::ALL {
        let scope = match kind.class() {
            EventClass::Own => Scope::User(ALICE),
            EventClass::Structure | EventClass::Member | EventClass::Presence => Scope::Guild,
            _ => Scope::Channel(OPEN),
        };
        let given = !relay.audience(&event(kind, scope, Some(BOB))).is_empty();
        let rest = [EventClass::Structure, EventClass::Own].contains(&kind.class());
        assert_eq!(given, rest, "{kind:?}");
    }
    let edit = Event {
        kind: EventKind::MessageUpdate,
        ..message(OPEN, BOB, Mentions { everyone: true, ..mentioning(&[ALICE]) })
    };
    assert!(relay.audience(&edit).is_empty(), "edits never reach passive sessions");
}

#[test]
fn muted_sessions_get_no_mention_and_conflated_ones_no_typing() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Muted), &[]);
    relay.attach(1, session(ALICE, Mode::Conflated), &[]);
    let given = |event: &Event| full(&relay.audience(event));
    assert_eq!(given(&message(OPEN, OWNER, mentioning(&[ALICE]))), [1]);
    assert_eq!(given(&event(EventKind::GuildUpdate, Scope::Guild, None)), [0, 1]);
    let channel = Scope::Channel(OPEN);
    assert!(given(&event(EventKind::TypingStart, channel, Some(BOB))).is_empty());
    assert!(given(&event(EventKind::PresenceUpdate, Scope::Guild, Some(BOB))).is_empty());
    assert_eq!(given(&event(EventKind::MessageDelete, channel, Some(BOB))), [1]);
}

#[test]
fn content_needs_the_intent_the_authorship_or_a_mention() {
    let bare = Intents::GUILD_MESSAGES;
    let mut relay = relay();
    relay.attach(0, naming(bare, session(ALICE, Mode::Active)), &[RED]);
    relay.attach(1, naming(bare, session(BOB, Mode::Active)), &[]);
    let content = bare.union(Intents::MESSAGE_CONTENT);
    relay.attach(2, naming(content, session(BOB, Mode::Active)), &[]);
    relay.attach(3, naming(bare, session(OWNER, Mode::Active)), &[]);

    let plain = relay.audience(&message(OPEN, OWNER, Mentions::default()));
    assert_eq!((full(&plain), stripped(&plain)), (vec![2, 3], vec![0, 1]));
    let mention = relay.audience(&message(OPEN, OWNER, mentioning(&[ALICE])));
    assert_eq!((full(&mention), stripped(&mention)), (vec![0, 2, 3], vec![1]));
    let same = Event { stripped: None, ..message(OPEN, OWNER, Mentions::default()) };
    assert_eq!(full(&relay.audience(&same)), [0, 1, 2, 3], "there is nothing to withhold");
}

/// The message inside an answer is judged by its own author and mentions.
#[test]
fn an_answer_does_not_open_what_it_answers() {
    let bare = Intents::GUILD_MESSAGES;
    let mut relay = relay();
    relay.attach(0, naming(bare, session(ALICE, Mode::Active)), &[]);
    relay.attach(1, naming(bare, session(BOB, Mode::Active)), &[]);
    let content = bare.union(Intents::MESSAGE_CONTENT);
    relay.attach(2, naming(content, session(OWNER, Mode::Active)), &[]);
    let record = |mentions: Mentions, answered: &str| {
        let payload = |text: &str, inner: &str| {
            let inner =
                format!(r#"{{"author":{{"id":"{answered}"}},"content":"{inner}","mentions":[]}}"#);
            format!(r#"{{"content":"{text}","referenced_message":{inner}}}"#)
        };
        Event::from_record(&EventRecord {
            guild: GUILD,
            sequence: 1,
            at: Timestamp::from_millis(0),
            kind: EventKind::MessageCreate,
            scope: Scope::Channel(OPEN),
            payload: payload("outer", "inner"),
            stripped: Some(payload("", "")),
            author: Some(ALICE),
            mentions,
        })
    };
    let slots = |event: &Event| {
        let audience = relay.audience(event);
        Variant::ALL.map(|variant| audience.to(variant).iter().collect::<Vec<u32>>())
    };
    // Of the full variant, of neither, of the answer alone and of the answered message alone.
    let owners = record(Mentions::default(), &OWNER.to_string());
    assert_eq!(slots(&owners), [vec![2], vec![1], vec![0], vec![]]);
    let bobs = record(Mentions::default(), &BOB.to_string());
    assert_eq!(slots(&bobs), [vec![2], vec![], vec![0], vec![1]]);
    let pinged = record(mentioning(&[BOB]), &BOB.to_string());
    assert_eq!(slots(&pinged), [vec![1, 2], vec![], vec![0], vec![]]);
    let answered = pinged.answered.as_ref().expect("an answer");
    let text = |body| {
        let payload = scene::payload(body)["d"].clone();
        (payload["content"].clone(), payload["referenced_message"]["content"].clone())
    };
    assert_eq!(text(&answered.outer), ("outer".into(), "".into()));
    assert_eq!(text(&answered.inner), ("".into(), "inner".into()));
}

#[test]
fn nobody_is_told_its_own_presence() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Active), &[]);
    relay.attach(1, session(BOB, Mode::Active), &[]);
    relay.attach(2, session(BOB, Mode::Active), &[]);
    let audience = relay.audience(&event(EventKind::PresenceUpdate, Scope::Guild, Some(BOB)));
    assert_eq!(full(&audience), [0]);
}

/// L2 has one exception, by the protocol: what changes of oneself comes without the intent.
#[test]
fn updates_of_a_member_reach_its_own_sessions_without_the_intent() {
    let mut relay = relay();
    relay.attach(0, naming(Intents::GUILDS, session(ALICE, Mode::Active)), &[]);
    relay.attach(1, naming(Intents::NONE, session(ALICE, Mode::Muted)), &[]);
    relay.attach(2, naming(Intents::GUILDS, session(BOB, Mode::Active)), &[]);
    let update = event(EventKind::GuildMemberUpdate, Scope::Guild, Some(ALICE));
    assert_eq!(full(&relay.audience(&update)), [0, 1]);
}

/// L2: only updates have the exception; a member that joins or leaves is told by GUILD_CREATE and
/// -DELETE.
#[test]
fn joining_and_leaving_reach_nobody_without_the_intent() {
    let mut relay = relay();
    relay.attach(0, naming(Intents::GUILDS, session(ALICE, Mode::Active)), &[]);
    relay.attach(1, session(ALICE, Mode::Active), &[]);
    let join = event(EventKind::GuildMemberAdd, Scope::Guild, Some(ALICE));
    assert_eq!(full(&relay.audience(&join)), [1]);
    let leave = event(EventKind::GuildMemberRemove, Scope::Guild, Some(ALICE));
    assert!(relay.audience(&leave).is_empty());
}

#[test]
fn clients_that_name_no_intents_get_members_and_presences_of_watched_users() {
    let mut relay = relay();
    let interest = Interest { intents: Intents::ALL, named: false };
    relay.attach(0, Attachment { interest, ..session(ALICE, Mode::Active) }, &[]);
    relay.attach(1, session(ALICE, Mode::Active), &[]);
    for kind in [EventKind::PresenceUpdate, EventKind::GuildMemberUpdate] {
        let event = event(kind, Scope::Guild, Some(BOB));
        relay.set_watched(0, vec![OWNER]);
        assert_eq!(full(&relay.audience(&event)), [1]);
        relay.set_watched(0, vec![OWNER, BOB]);
        assert_eq!(full(&relay.audience(&event)), [0, 1]);
    }
    let said = message(OPEN, BOB, Mentions::default());
    assert_eq!(full(&relay.audience(&said)), [0, 1], "messages need no watching");
}

/// L2: a presence reaches viewers of a list only where nothing else brings it.
#[test]
fn presences_of_members_in_a_list_reach_who_would_not_get_them_anyway() {
    let mut relay = relay();
    let own = |user| {
        let interest = Interest { intents: Intents::ALL, named: false };
        Attachment { interest, ..session(user, Mode::Active) }
    };
    for (slot, attachment) in [
        (0, own(ALICE)),
        (1, session(ALICE, Mode::Active)),
        (2, own(BOB)),
        (3, own(OWNER)),
        (4, Attachment { mode: Mode::Muted, ..own(OWNER) }),
        (5, own(OWNER)),
    ] {
        relay.attach(slot, attachment, &[]);
    }
    relay.set_watched(3, vec![BOB]);
    relay.set_watched(5, vec![BOB]);
    relay.set_watched(5, Vec::new());
    let viewers: RoaringBitmap = (0..=5).collect();
    let seeing: Vec<u32> = relay.sees(BOB, &viewers).into_iter().collect();
    assert_eq!(seeing, [0, 5], "not by intents, oneself, named, muted");
    assert!(relay.sees(BOB, &RoaringBitmap::new()).is_empty());
    relay.detach(3);
    relay.attach(3, own(OWNER), &[]);
    assert!(relay.sees(BOB, &viewers).contains(3), "a new session of the slot named nobody");
}

#[test]
fn events_for_one_user_reach_all_its_sessions_and_no_others() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Active), &[]);
    relay.attach(1, session(ALICE, Mode::Muted), &[]);
    relay.attach(2, session(BOB, Mode::Active), &[]);
    let own = event(EventKind::GuildCreate, Scope::User(ALICE), None);
    assert_eq!(full(&relay.audience(&own)), [0, 1]);
    assert!(relay.audience(&event(EventKind::GuildCreate, Scope::User(OWNER), None)).is_empty());
}

#[test]
fn a_table_takes_away_but_never_what_is_ones_own() {
    let table = DeliveryTable::default()
        .with(Mode::Active, EventClass::Typing, Delivery::Drop)
        .with(Mode::Active, EventClass::Own, Delivery::Drop);
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Active), &[]);
    let typing = event(EventKind::TypingStart, Scope::Channel(OPEN), Some(BOB));
    assert_eq!(full(&relay.audience(&typing)), [0]);
    relay.set_table(table.clone());
    assert!(relay.audience(&typing).is_empty());
    assert_eq!(table.of(Mode::Active, EventClass::Own), Delivery::Full);
    let own = event(EventKind::RateLimited, Scope::User(ALICE), None);
    assert_eq!(full(&relay.audience(&own)), [0]);
}

#[test]
fn a_second_attachment_of_a_slot_replaces_the_first() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Active), &[RED]);
    relay.attach(0, session(BOB, Mode::Passive), &[]);
    assert_eq!((relay.len(), relay.member_count(), relay.modes()), (1, 1, [0, 0, 1, 0]));
    assert!(relay.audience(&message(SECRET, OWNER, mentioning(&[ALICE, BOB]))).is_empty());
    assert_eq!(relay.attachment(0).map(|a| a.user), Some(BOB));
    assert_eq!(relay.guild(), GUILD);
}

#[test]
fn capabilities_choose_the_digest() {
    assert_eq!(DigestKind::from_capabilities(0), DigestKind::Unread);
    assert_eq!(DigestKind::from_capabilities(1 << 11), DigestKind::V1);
    assert_eq!(DigestKind::from_capabilities(1 << 14 | 1 << 11), DigestKind::V2);
    assert_eq!(DigestKind::from_capabilities(1 << 12), DigestKind::Unread);
}

/// K1: what a relay keeps follows from who is there: whoever changes roles for ever, and whoever
/// comes and goes, leaves nothing behind.
#[test]
fn role_classes_come_back_to_those_that_somebody_has() {
    for seed in 0..20 {
        let (mut relay, mut random) = (relay(), Random::new(seed));
        relay.attach(0, session(ALICE, Mode::Active), &[RED]);
        for _ in 0..2_000 {
            let user = UserId::new(10 + random.below(5));
            let slot = u32::try_from(user.value()).unwrap();
            let mut roles: Vec<_> = (0..12).map(|n| RoleId::new(5_000 + n)).collect();
            roles.retain(|_| random.one_in(2));
            match random.below(4) {
                0 => drop(relay.detach(slot)),
                1 => relay.attach(slot, session(user, Mode::Active), &roles),
                _ => {
                    let profile = Arc::new(Profile::new(scene::JOINED, roles));
                    relay.apply(&Change::Member(user, profile));
                }
            }
            // Six members, twice as many, and what a table holds in any case.
            assert!(relay.class_count() <= 6 * 2 + 64 + 1, "{}", relay.class_count());
        }
        for slot in 10..15 {
            relay.detach(slot);
        }
        let audience = relay.audience(&message(SECRET, BOB, Mentions::default()));
        assert_eq!(full(&audience), [0], "alice sees what red sees");
    }
}
