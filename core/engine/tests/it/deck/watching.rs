//! Member lists on their way to who watches them.

use indexmap::IndexMap;
use throng_engine::deck::{Ask, Refusal, Watch};
use throng_engine::policy::{Relief, Shed};
use throng_engine::roll::{ListId, Output, Wish};
use throng_proto::gateway::Subscription;
use throng_proto::id::ChannelId;
use throng_proto::intents::Intents;
use throng_proto::wire::Body;

use super::bench::Bench;
use crate::scene::{GUILD, OPEN, SECRET};

type Ranges = Vec<[u32; 2]>;

fn ask(bench: &mut Bench, user: u64, wanted: &[(ChannelId, Ranges)]) -> Vec<Watch> {
    let channels: IndexMap<ChannelId, Ranges> = wanted.iter().cloned().collect();
    let wanted = Subscription { channels: Some(channels), ..Subscription::default() };
    bench.deck.subscribe(bench.slot(user), GUILD, wanted);
    watches(bench)
}

fn watches(bench: &mut Bench) -> Vec<Watch> {
    let asks = bench.asks().into_iter();
    let watches = asks.filter_map(|(guild, ask)| match ask {
        Ask::Watch(watch) => {
            assert_eq!(guild, GUILD);
            Some(watch)
        }
        _ => None,
    });
    watches.collect()
}

fn update(text: &str) -> Body {
    Body::dispatch("GUILD_MEMBER_LIST_UPDATE", &serde_json::json!(text).to_string())
}

fn first() -> Vec<[u32; 2]> {
    vec![[0, 99]]
}

/// Lets the lists answer what a session asked.
fn answer(bench: &mut Bench, watch: &Watch, epoch: u64, blocks: &[u32], text: &str) {
    let watches = Some((ListId::Everyone, blocks.to_vec()));
    let output =
        Output::Own { viewer: watch.session, stamp: watch.stamp, watches, body: update(text) };
    tell(bench, epoch, vec![output]);
}

fn tell(bench: &mut Bench, epoch: u64, outputs: Vec<Output<throng_engine::deck::SessionRef>>) {
    bench.deck.lists_told(GUILD, epoch, outputs);
    bench.settle();
}

/// Tells everybody who watches these blocks, and says who was told.
fn share(bench: &mut Bench, epoch: u64, blocks: &[u32]) -> Vec<u64> {
    let (list, blocks) = (ListId::Everyone, blocks.to_vec());
    tell(bench, epoch, vec![Output::Shared { list, blocks, body: update("shared") }]);
    bench.pass();
    (0..3).filter(|user| bench.texts(*user) == ["shared"]).collect()
}

#[test]
fn a_session_asks_for_rows_and_is_told_of_them_until_it_looks_away() {
    let mut bench = Bench::crowd(3);
    let asked = ask(&mut bench, 0, &[(OPEN, first())]).remove(0);
    assert_eq!((asked.session, asked.user), (bench.reference(0), Bench::user(0)));
    assert_eq!(asked.wishes, [Wish::read(OPEN, &[[0, 99]], 5)]);
    answer(&mut bench, &asked, 1, &[0], "rows");
    bench.pass();
    assert_eq!(bench.texts(0), ["rows"]);
    assert_eq!(share(&mut bench, 1, &[0]), [0]);
    assert!(share(&mut bench, 1, &[1]).is_empty(), "others are for who sees others");
    let again = ask(&mut bench, 0, &[(OPEN, vec![[100, 199]])]).remove(0);
    assert_ne!(again.stamp, asked.stamp);
    answer(&mut bench, &asked, 1, &[0], "too late");
    bench.pass();
    assert!(bench.texts(0).is_empty(), "it has asked for something else since");
    answer(&mut bench, &again, 1, &[1], "other rows");
    assert!(share(&mut bench, 1, &[0]).is_empty());
    bench.texts(0);
    assert_eq!(share(&mut bench, 1, &[1]), [0]);
    let none = ask(&mut bench, 0, &[(OPEN, vec![])]).remove(0);
    answer(&mut bench, &none, 1, &[], "nothing");
    bench.pass();
    assert_eq!(bench.texts(0), ["nothing"]);
    assert!(share(&mut bench, 1, &[1]).is_empty());
    assert!(ask(&mut bench, 0, &[(OPEN, vec![])]).is_empty(), "there is nothing to tell");
}

/// Losing rows counts whatever was asked since, and lists of before are not told of.
#[test]
fn lists_that_a_guild_made_anew_begin_anew() {
    let mut bench = Bench::crowd(3);
    let asked = ask(&mut bench, 0, &[(OPEN, first())]).remove(0);
    answer(&mut bench, &asked, 1, &[0], "rows");
    let other = ask(&mut bench, 1, &[(OPEN, first())]).remove(0);
    bench.pass();
    bench.texts(0);
    answer(&mut bench, &other, 2, &[0], "rows of the next");
    bench.pass();
    assert_eq!(bench.texts(1), ["rows of the next"]);
    assert!(share(&mut bench, 1, &[0]).is_empty(), "the lists of before are no more");
    answer(&mut bench, &asked, 1, &[0], "late rows of before");
    bench.pass();
    assert!(bench.texts(0).is_empty());
    answer(&mut bench, &asked, 1, &[], "loses its rows");
    bench.pass();
    assert_eq!(bench.texts(0), ["loses its rows"]);
    assert_eq!(share(&mut bench, 2, &[0]), [1]);
}

#[test]
fn everybody_who_watches_is_asked_for_again_after_a_guild_changed_hands() {
    let mut bench = Bench::crowd(3);
    let stamps: Vec<u32> = (0..2)
        .map(|user| {
            let asked = ask(&mut bench, user, &[(OPEN, first())]).remove(0);
            answer(&mut bench, &asked, 1, &[0], "rows");
            asked.stamp
        })
        .collect();
    bench.deck.ask_all_lists(GUILD);
    let again: Vec<_> = watches(&mut bench).iter().map(|watch| watch.stamp).collect();
    assert_eq!(again, stamps);
    bench.deck.ask_all_lists(OPEN.cast());
    assert!(watches(&mut bench).is_empty());
}

#[test]
fn a_session_that_leaves_watches_nothing_any_more() {
    let mut bench = Bench::crowd(3);
    for user in [0, 1] {
        let asked = ask(&mut bench, user, &[(OPEN, first())]).remove(0);
        answer(&mut bench, &asked, 1, &[0], "rows");
    }
    bench.deck.expel_session(GUILD, bench.slot(0));
    bench.pass();
    (0..3).for_each(|user| _ = bench.read(user));
    assert_eq!(share(&mut bench, 1, &[0]), [1]);
    bench.deck.end(bench.slot(1));
    bench.deck.end(bench.slot(2));
    tell(
        &mut bench,
        1,
        vec![Output::Shared {
            list: ListId::Everyone,
            blocks: vec![0],
            body: update("for nobody"),
        }],
    );
    assert!(bench.deck.is_idle(), "the guild has nobody here");
}

/// What was asked before the guild took the session is asked once it has.
#[test]
fn what_a_session_wants_to_see_waits_until_it_is_attached() {
    let mut bench = Bench::new();
    bench.join(0);
    bench.deck.joined(Bench::user(0), GUILD);
    let attach = bench.attaches().remove(0);
    assert!(ask(&mut bench, 0, &[(OPEN, first())]).is_empty());
    bench.grant(&attach, &[]);
    let asked = watches(&mut bench);
    assert_eq!((asked.len(), &asked[0].wishes[0].blocks), (1, &vec![0]));
    assert_eq!(bench.refused(), []);
}

#[test]
fn what_may_not_be_watched_is_refused_and_counted() {
    let mut bench = Bench::with(|config| (config.ranges_max, config.lists_max) = (2, 2)).crowded(1);
    let backwards = vec![[99, 0], [0, 99], [100, 199], [200, 299], [5, 1]];
    let asked = ask(&mut bench, 0, &[(OPEN, backwards)]).remove(0);
    assert_eq!(asked.wishes[0].blocks, [0, 1]);
    assert_eq!(asked.wishes[0].refused, [[99, 0], [200, 299], [5, 1]]);
    let refused = bench.refused();
    assert_eq!(refused, [(Refusal::ListRange, 2), (Refusal::RangesPerChannel, 1)]);
    let channels = [OPEN, SECRET, ChannelId::new(302)].map(|channel| (channel, first()));
    let asked = ask(&mut bench, 0, &channels).remove(0);
    let blocks: Vec<usize> = asked.wishes.iter().map(|wish| wish.blocks.len()).collect();
    assert_eq!(blocks, [1, 1, 0]);
    assert_eq!(bench.refused(), [(Refusal::ListChannels, 1)]);
    let asked = ask(&mut bench, 0, &[(OPEN, vec![[9, 0]])]);
    assert_eq!(asked.len(), 1, "it is told that it gets nothing");
}

/// L2: lists show members and presences, so who names its intents must name both.
#[test]
fn l2_a_session_that_names_its_intents_needs_two_for_lists() {
    let both = Intents::from_bits(Intents::GUILD_MEMBERS.bits() | Intents::GUILD_PRESENCES.bits());
    for (intents, named, entitled) in [
        (Intents::GUILD_MEMBERS, true, false),
        (Intents::GUILD_PRESENCES, true, false),
        (both, true, true),
        (Intents::ALL, true, true),
        (Intents::GUILDS, false, true),
    ] {
        let mut bench = Bench::new();
        bench.join_as(0, |identity| (identity.intents, identity.named) = (intents, named));
        bench.enter(0);
        let asked = ask(&mut bench, 0, &[(OPEN, first())]);
        let gets = asked.iter().any(|watch| !watch.wishes[0].blocks.is_empty());
        assert_eq!(gets, entitled, "{intents:?}");
        let refused = bench.refused();
        assert_eq!(refused.len(), usize::from(!entitled));
        assert!(refused.iter().all(|(why, count)| (*why, *count) == (Refusal::Intents, 1)));
    }
}

/// A presence goes to who sees a row of it, unless it is sent to them anyway.
#[test]
fn a_presence_is_shown_to_who_watches_a_row_of_it() {
    let mut bench = Bench::new();
    for user in 0..3 {
        bench.join_as(user, |identity| identity.named = false);
        bench.enter(user);
        let blocks: u32 = if user == 2 { 1 } else { 0 };
        let asked = ask(&mut bench, user, &[(OPEN, vec![[blocks * 100, blocks * 100 + 99]])]);
        answer(&mut bench, &asked[0], 1, &[blocks], "rows");
    }
    bench.pass();
    (0..3).for_each(|user| _ = bench.read(user));
    let show = |bench: &mut Bench, user: u64, list: ListId, block: u32| -> Vec<u64> {
        let (user, seen) = (Bench::user(user), vec![(list, block)]);
        tell(bench, 1, vec![Output::Presence { user, seen, body: update("presence") }]);
        bench.pass();
        (0..3).filter(|user| bench.texts(*user) == ["presence"]).collect()
    };
    assert_eq!(show(&mut bench, 9, ListId::Everyone, 0), [0, 1]);
    assert_eq!(show(&mut bench, 9, ListId::Everyone, 1), [2]);
    assert_eq!(show(&mut bench, 1, ListId::Everyone, 0), [0], "nobody is shown itself");
    assert!(show(&mut bench, 9, ListId::Everyone, 2).is_empty());
    assert!(show(&mut bench, 9, ListId::Hash(1), 0).is_empty());
    let members = Some(vec![Bench::user(9)]);
    let wanted = Subscription { members, ..Subscription::default() };
    bench.deck.subscribe(bench.slot(0), GUILD, wanted);
    assert_eq!(show(&mut bench, 9, ListId::Everyone, 0), [1], "it is sent that anyway");
    bench.deck.shed(Shed::these(&[Relief::Presence]));
    assert!(show(&mut bench, 9, ListId::Everyone, 0).is_empty());
}
