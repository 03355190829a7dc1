//! Member lists that end before they have answered.

use throng_engine::deck::Ask;
use throng_engine::mode::Mode;
use throng_proto::gateway::Subscription;
use throng_proto::id::ChannelId;

use super::absent::attached;
use super::bench::Bench;
use crate::scene::{GUILD, OPEN};

const USER: u64 = 1;

fn stamps(bench: &mut Bench) -> Vec<u32> {
    let asks = bench.asks().into_iter();
    let watches = asks.filter_map(|(_, ask)| match ask {
        Ask::Watch(watch) => Some(watch.stamp),
        _ => None,
    });
    watches.collect()
}

/// A guild that changes hands makes its lists anew, and those that were asked may end before they
/// answer.
#[test]
fn m1_a_list_is_asked_for_again_though_it_was_not_answered_yet() {
    let mut bench = attached(USER, Mode::Active);
    let slot = bench.slot(USER);
    let mut look = |ranges: &[(ChannelId, Vec<[u32; 2]>)]| {
        let channels = Some(ranges.iter().cloned().collect());
        let wanted = Subscription { channels, ..Subscription::default() };
        bench.deck.subscribe(slot, GUILD, wanted);
        let asked = stamps(&mut bench);
        bench.deck.ask_all_lists(GUILD);
        (asked, stamps(&mut bench))
    };
    let (asked, again) = look(&[(OPEN, vec![[0, 99]])]);
    assert_eq!((asked.len(), &again), (1, &asked));
    let (_, again) = look(&[]);
    assert_eq!(again, [0; 0], "who looks away wants nothing");
}
