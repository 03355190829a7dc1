//! Relays of a guild on a deck: as many as planned, and who moves between them.

use throng_engine::deck::{Ask, Refusal};

use super::bench::Bench;
use super::guilds::{said, secs};
use crate::scene::{ALICE, GUILD};

/// Takes how many relays guilds are told that they have.
fn reported(bench: &mut Bench) -> Vec<usize> {
    let asks = bench.asks().into_iter();
    let relays = asks.filter_map(|(_, ask)| match ask {
        Ask::Relays(relays) => Some(relays),
        _ => None,
    });
    relays.collect()
}

fn relays(bench: &Bench) -> usize {
    bench.deck.relays(GUILD).map_or(0, throng_engine::deck::GuildRelays::len)
}

#[test]
fn a_guild_is_told_how_many_relays_it_has_when_that_changes() {
    let bench = Bench::new();
    bench.policy.says(|verdicts| verdicts.plan.capacity = 2);
    let mut bench = bench.crowded(5);
    assert_eq!(relays(&bench), 3);
    bench.wait(secs(1));
    assert_eq!(reported(&mut bench), [3]);
    bench.wait(secs(1));
    assert!(reported(&mut bench).is_empty());
    let counts = bench.deck.counts();
    assert_eq!((counts.relays_started, counts.relays_ended, counts.relay_moves), (3, 0, 0));
    assert!(!bench.deck.has_moves() && !bench.deck.move_slice());
    bench.deck.end(bench.slot(4));
    bench.wait(secs(1));
    assert_eq!(reported(&mut bench), [2]);
    assert_eq!(bench.deck.counts().relays_ended, 1);
    let all = bench.deck.relays(GUILD).unwrap();
    assert!(!all.is_empty());
    assert_eq!(all.iter().count(), 2);
}

/// Each worker follows its share of the plan, and no less.
#[test]
fn a_deck_has_its_share_of_the_relays_that_are_planned() {
    for (workers, count, share) in [(1, 5, 5), (2, 5, 3), (2, 4, 2), (5, 5, 1), (9, 5, 1)] {
        let bench = Bench::with(|config| config.workers = workers);
        bench.policy.says(|verdicts| verdicts.plan.count = count);
        let bench = bench.crowded(9);
        assert_eq!(relays(&bench), share, "{count} over {workers}");
    }
}

#[test]
fn sessions_that_move_hear_everything_once() {
    let bench = Bench::with(|config| config.move_slice = 2);
    bench.policy.says(|verdicts| verdicts.plan.capacity = 6);
    let mut bench = bench.crowded(6);
    bench.policy.says(|verdicts| verdicts.plan.capacity = 1);
    bench.deck.review_all();
    assert!(bench.deck.has_moves());
    assert_eq!(bench.deck.counts().relay_leaving, 5);
    for number in 0..10 {
        bench.publish(&said(number + 1, &number.to_string(), ALICE));
        bench.deck.move_slice();
    }
    bench.settle();
    assert!(!bench.deck.has_moves());
    bench.pass();
    for user in 0..6 {
        assert_eq!(bench.texts(user), (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(relays(&bench), 6);
    bench.wait(secs(1));
    let counts = bench.deck.counts();
    assert_eq!((counts.relay_moves, counts.relay_leaving), (5, 0));
    // Each is where its membership says, so that it can leave.
    for user in 0..6 {
        bench.deck.expel_session(GUILD, bench.slot(user));
        assert_eq!(relays(&bench), 5 - user as usize);
    }
}

#[test]
fn attachments_that_are_still_to_move_are_counted() {
    let mut bench = Bench::with(|config| config.move_slice = 2).crowded(6);
    bench.policy.says(|verdicts| verdicts.plan.capacity = 1);
    bench.deck.review_all();
    bench.deck.move_slice();
    bench.wait(secs(1));
    assert_eq!(bench.deck.counts().relay_leaving, 3);
    assert_eq!(bench.deck.counts().relay_moves, 2);
}

/// A plan that comes with a new size of the guild is followed without another reason.
#[test]
fn a_plan_of_another_size_is_followed_at_the_next_look() {
    let mut bench = Bench::crowd(4);
    bench.policy.says(|verdicts| verdicts.plan.capacity = 2);
    bench.join(4);
    bench.enter(4);
    assert!(!bench.deck.has_moves());
    bench.wait(secs(1));
    assert!(bench.deck.has_moves(), "who came last brought another plan");
}

#[test]
fn relays_without_room_are_counted_where_there_may_be_no_more() {
    let mut bench = Bench::with(|config| config.relays_max = 2);
    bench.policy.says(|verdicts| verdicts.plan.capacity = 1);
    for user in 0..5 {
        bench.join(user);
        bench.enter(user);
    }
    assert_eq!(relays(&bench), 2);
    bench.wait(secs(1));
    assert_eq!(bench.refused(), [(Refusal::RelayCount, 3)]);
    bench.wait(secs(1));
    assert_eq!(bench.refused(), []);
}

/// What has ended with the guild's last session here is counted as well.
#[test]
fn a_guild_whose_last_session_ends_leaves_no_move_behind() {
    let mut bench = Bench::crowd(3);
    bench.policy.says(|verdicts| verdicts.plan.capacity = 1);
    bench.deck.review_all();
    assert!(bench.deck.has_moves());
    (0..3).for_each(|user| bench.deck.end(bench.slot(user)));
    assert!(bench.deck.move_slice(), "there was something to give up");
    assert!(!bench.deck.has_moves());
    assert_eq!((bench.deck.counts().relays_started, bench.deck.counts().relays_ended), (1, 1));
}
