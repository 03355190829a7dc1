//! Sessions whose guild begins anew, and what digests were to tell them.

use std::sync::Arc;

use throng_engine::deck::{Ask, Grant, Restored};
use throng_engine::event::{Change, Event};
use throng_engine::mode::Mode;
use throng_engine::policy::PASSIVE_V2;
use throng_proto::id::MessageId;

use super::bench::Bench;
use super::guilds::{seat, view};
use crate::scene::{self, GUILD, OPEN, OWNER};

/// What a digest is called.
const DIGEST: &str = "PASSIVE_UPDATE_V2";
/// Whose session is there.
const USER: u64 = 1;

/// A deck with one session in the guild.
pub(super) fn attached(user: u64, mode: Mode) -> Bench {
    let mut bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.mode = mode);
    bench.join_as(user, |identity| identity.capabilities = PASSIVE_V2);
    bench.deck.joined(Bench::user(user), GUILD);
    let seat = seat(&bench.attaches()[0], &[]);
    bench.deck.attached(Grant { seat, view: view(0), welcome: None, initial: true });
    bench.pass();
    bench.read(user);
    bench
}

fn post() -> Arc<Event> {
    let change = Change::LastMessage(OPEN, MessageId::new(500));
    Arc::new(Event { change, ..scene::message(OPEN, OWNER, Default::default()) })
}

fn told(bench: &mut Bench) -> Vec<String> {
    bench.pass();
    bench.texts(USER)
}

/// Relays end with it, and what their digests were to tell must not.
#[test]
fn l4_what_a_digest_was_to_tell_is_told_when_a_guild_begins_anew() {
    let mut bench = attached(USER, Mode::Passive);
    bench.deck.event(&post());
    assert_eq!(told(&mut bench), [""; 0], "it waits for the next digest");
    bench.deck.rejoin(GUILD);
    assert_eq!(told(&mut bench), [DIGEST]);
}

#[test]
fn l4_who_is_taken_back_is_told_once_by_a_digest_of_the_messages_that_it_missed() {
    let mut bench = attached(USER, Mode::Passive);
    bench.deck.rejoin(GUILD);
    let asks = bench.asks();
    let [(_, Ask::Restore { since: 0, sessions })] = &asks[..] else { panic!("{asks:?}") };
    let (seats, events) = (vec![seat(&sessions[0], &[])], vec![post()]);
    let (gone, lost) = (Vec::new(), Vec::new());
    bench.deck.restored(Restored { view: view(1), seats, gone, lost, events });
    assert_eq!(told(&mut bench), [DIGEST]);
    bench.deck.digest();
    assert_eq!(told(&mut bench), [""; 0]);
}
