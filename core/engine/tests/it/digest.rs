//! What passive sessions are told instead of messages.

use std::sync::Arc;

use serde_json::{Value, json};
use throng_engine::event::Change;
use throng_engine::mode::{DeliveryTable, Mode};
use throng_engine::relay::{Attachment, Digest, DigestKind, Relay};
use throng_proto::event::EventKind;
use throng_proto::id::MessageId;

use crate::scene::{self, ALICE, BOB, OPEN, RED, SECRET, session};
use crate::world::World;

fn relay() -> Relay {
    Relay::new(Arc::new(scene::shape()), DeliveryTable::default())
}

fn say(relay: &mut Relay, channel: throng_proto::id::ChannelId, message: u64) {
    relay.apply(&Change::LastMessage(channel, MessageId::new(message)));
}

fn data(digest: &Digest) -> Value {
    scene::payload(&digest.body)["d"].clone()
}

/// L4: digests tell every passive session exactly what it was not told before, whatever happens
/// between.
#[test]
fn digests_are_the_difference_to_what_each_session_was_told() {
    for seed in 0..300 {
        let mut world = World::new(seed);
        for _ in 0..120 {
            match world.random.below(9) {
                0..=2 => world.say(),
                3 => {
                    world.digest();
                    assert!(world.digest().is_empty(), "seed {seed}: told twice");
                }
                4 => {
                    world.set_mode();
                }
                5 => world.attach(),
                6 => world.change_shape(),
                7 => world.degrade(),
                _ => world.step(),
            }
        }
    }
}

/// L4: the second digest names only what came after the first.
#[test]
fn a_change_is_told_once() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Passive), &[]);
    assert!(relay.digest().is_empty(), "nothing happened");
    say(&mut relay, OPEN, 1);
    say(&mut relay, OPEN, 2);
    let digests = relay.digest();
    assert_eq!(digests.len(), 1);
    let channel = json!({"id": "300", "last_message_id": "2", "last_pin_timestamp": null});
    assert_eq!(data(&digests[0])["updated_channels"], json!([channel]));
    assert!(relay.digest().is_empty(), "everything was told");
}

/// L4: a session that becomes passive knows what came before.
#[test]
fn a_session_that_becomes_passive_between_digests_is_told_only_what_came_since() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Active), &[RED]);
    relay.attach(1, session(BOB, Mode::Passive), &[RED]);
    say(&mut relay, OPEN, 1);
    assert!(relay.set_modes([(0, Mode::Passive)]).is_empty());
    say(&mut relay, SECRET, 2);
    let mut digests = relay.digest();
    digests.sort_by_key(|digest| digest.to.min());
    let names = |digest: &Digest| {
        let channels = data(digest)["updated_channels"].clone();
        channels.as_array().unwrap().iter().map(|c| c["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(digests.len(), 2);
    assert_eq!(names(&digests[0]), ["301"]);
    assert_eq!(names(&digests[1]), ["300", "301"]);
}

/// L4: who becomes active is told at once what it missed, and not again.
#[test]
fn a_session_that_becomes_active_is_told_at_once() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Passive), &[]);
    assert!(relay.set_modes([(0, Mode::Active)]).is_empty(), "it missed nothing");
    relay.set_modes([(0, Mode::Passive)]);
    say(&mut relay, OPEN, 1);
    let digest = relay.set_modes([(0, Mode::Active)]).pop().expect("it missed a message");
    assert_eq!(digest.to.iter().collect::<Vec<_>>(), [0]);
    assert_eq!(data(&digest)["updated_channels"][0]["last_message_id"], "1");
    assert!(relay.set_modes([(0, Mode::Active)]).is_empty());
    assert!(relay.digest().is_empty());
    relay.set_modes([(0, Mode::Passive)]);
    assert!(relay.digest().is_empty());
}

/// L4: a slot begins anew with each session.
#[test]
fn a_new_session_in_an_old_slot_is_not_told_what_the_old_one_missed() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Passive), &[]);
    say(&mut relay, OPEN, 1);
    relay.detach(0);
    relay.attach(0, session(BOB, Mode::Passive), &[]);
    assert!(relay.digest().is_empty());
    say(&mut relay, OPEN, 2);
    assert_eq!(relay.digest().len(), 1);
}

/// L1 holds for digests too.
#[test]
fn digests_name_only_visible_channels() {
    let mut relay = relay();
    relay.attach(0, session(ALICE, Mode::Passive), &[]);
    relay.attach(1, session(BOB, Mode::Passive), &[RED]);
    say(&mut relay, SECRET, 1);
    let digests = relay.digest();
    assert_eq!(digests.len(), 1);
    assert_eq!(digests[0].to.iter().collect::<Vec<_>>(), [1]);
}

#[test]
fn each_capability_has_its_shape() {
    let mut relay = relay();
    for (slot, digest) in
        [DigestKind::V2, DigestKind::V1, DigestKind::Unread].into_iter().enumerate()
    {
        let slot = u32::try_from(slot).unwrap();
        relay.attach(slot, Attachment { digest, ..session(ALICE, Mode::Passive) }, &[]);
    }
    say(&mut relay, OPEN, 5);
    let mut digests = relay.digest();
    digests.sort_by_key(|digest| digest.to.min());
    let channels = json!([{"id": "300", "last_message_id": "5", "last_pin_timestamp": null}]);
    let expected = [
        (
            EventKind::PassiveUpdateV2,
            json!({"guild_id": "100", "updated_channels": channels, "updated_voice_states": [],
                "removed_voice_states": [], "updated_members": []}),
        ),
        (
            EventKind::PassiveUpdateV1,
            json!({"guild_id": "100", "channels": channels, "voice_states": [], "members": []}),
        ),
        (
            EventKind::ChannelUnreadUpdate,
            json!({"guild_id": "100", "channel_unread_updates": channels}),
        ),
    ];
    assert_eq!(digests.len(), 3);
    for (digest, (kind, payload)) in digests.iter().zip(expected) {
        assert_eq!((digest.kind, data(digest)), (kind, payload));
    }
}
