//! Journals of which something is missing: each session is told exactly what it was promised, or
//! that it must begin anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use throng_plugin_store_memory::MemoryStore;
use throng_ports::journal::Found;
use throng_ports::store::Store;
use throng_proto::time::Timestamp;

use crate::world::{Account, Hall, RecordedStore, Setup, World, patient};

/// Damaged journals that are tried; each is a node that starts.
const DAMAGES: u64 = 60;
const MESSAGES: usize = 120;

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }
}

/// A session as its client last knew it.
#[derive(Clone)]
struct Lost {
    session: String,
    account: Account,
    /// Of the last dispatch that came.
    sequence: u64,
    /// Of the first message.
    first: u64,
}

/// What became of a RESUME.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Op 9.
    Anew,
    /// These, then RESUMED.
    Resumed(Vec<String>),
}

/// A run that ended without warning.
struct Run {
    store: MemoryStore,
    found: Vec<Vec<Found>>,
    lost: Vec<Lost>,
    owner: Account,
    hall: Hall,
}

fn setup(store: MemoryStore) -> Setup {
    let mut setup = Setup { store, ..Setup::default() };
    setup.config.replay.segment_bytes = 6_000;
    setup
}

/// Readers that leave one after the other, and two that stay to the end.
async fn run() -> Run {
    let world = setup(MemoryStore::new()).start().await;
    let [owner, one, two, three, four] = world.users().await;
    let hall = world.guild(&[&owner, &one, &two, &three, &four]).await;
    let (mut players, mut lost) = (Vec::new(), Vec::new());
    for account in [&one, &two, &three, &four] {
        let player = world.join(account).await;
        let first = player.sequence + 1;
        players.push((player, first));
    }
    for number in 0..MESSAGES {
        world.post(hall, &owner, &format!("{number} {}", "x".repeat(number * 7 % 90))).await;
        for (player, _) in &mut players {
            player.expect("MESSAGE_CREATE").await;
        }
        if number % 40 == 39 && players.len() > 2 {
            lost.push(leave(players.pop().unwrap()));
        }
    }
    lost.extend(players.into_iter().map(leave));
    let store = world.crash().await;
    let found = store.journals().recover().unwrap();
    Run { store, found, lost, owner, hall }
}

fn leave((player, first): (crate::world::Player, u64)) -> Lost {
    let (session, account, sequence) = player.lose();
    Lost { session, account, sequence, first }
}

async fn begin(run: &Run, found: Vec<Vec<Found>>) -> World {
    let seen = RecordedStore::with_found(run.store.clone(), found);
    Setup { seen_as: Some(Arc::new(seen)), ..setup(run.store.clone()) }.start().await
}

async fn resume(world: &World, lost: &Lost, sequence: u64) -> Fate {
    let player = world.resume(&lost.session, &lost.account, sequence).await;
    let link = player.link;
    let mut told = Vec::new();
    loop {
        let text = patient(link.recv()).await.expect("op 9 or RESUMED comes before the end");
        let payload: Value = serde_json::from_slice(&text).unwrap();
        if payload["op"] == 9 {
            assert_eq!(payload["d"], false, "{payload}");
            assert_eq!(told, Vec::<String>::new(), "nothing comes before op 9");
            return Fate::Anew;
        }
        if payload["t"] == "RESUMED" {
            return Fate::Resumed(told);
        }
        if payload["op"] == 0 {
            told.push(String::from_utf8(text.to_vec()).unwrap());
        }
    }
}

/// Damages journals in one of the ways that a place lets the shell see.
fn damage(found: &mut Vec<Vec<Found>>, dice: &mut Dice) -> &'static str {
    let which = dice.roll(found.len());
    if dice.roll(12) == 0 {
        found.remove(which);
        return "a journal is gone";
    }
    let journal = &mut found[which];
    let (from, ways) = (dice.roll(journal.len()), dice.roll(4));
    match ways {
        0 | 1 => {
            journal.truncate(from);
            "the end is lost"
        }
        2 => {
            let to = (from + 1 + dice.roll(30)).min(journal.len());
            journal.splice(from..to, [Found::Gap]);
            "a part is lost"
        }
        _ => {
            journal.splice(..from, [Found::Gap]);
            "the beginning is lost"
        }
    }
}

#[tokio::test]
async fn whatever_is_lost_of_journals_sessions_get_what_was_promised_or_begin_anew() {
    let run = run().await;
    let mut promised = BTreeMap::new();
    let world = begin(&run, run.found.clone()).await;
    for lost in &run.lost {
        let Fate::Resumed(told) = resume(&world, lost, lost.first).await else {
            panic!("an undamaged session resumes")
        };
        assert_eq!(told.len(), MESSAGES - 1);
        promised.insert(lost.session.clone(), told);
    }
    drop(world);
    let (mut resumed, mut anew) = (0, 0);
    for seed in 0..DAMAGES {
        let mut dice = Dice(seed);
        let mut found = run.found.clone();
        let what = damage(&mut found, &mut dice);
        let world = begin(&run, found).await;
        for lost in &run.lost {
            let behind = [0, 0, 1, 10, 60][dice.roll(5)];
            let claim = lost.sequence.saturating_sub(behind).max(lost.first);
            match resume(&world, lost, claim).await {
                Fate::Anew => anew += 1,
                Fate::Resumed(told) => {
                    resumed += 1;
                    let from = usize::try_from(claim - lost.first).unwrap();
                    let expected = &promised[&lost.session][from..];
                    assert_eq!(told, expected, "damage {seed}: {what}; resumed after {claim}");
                }
            }
        }
    }
    // Neither answer may be given always.
    assert!(resumed > 20 && anew > 20, "{resumed} resumed, {anew} began anew");
}

#[tokio::test]
async fn a_sequence_that_was_lost_is_not_taken_for_the_one_that_has_its_number_now() {
    let run = run().await;
    let reader = run.lost.last().unwrap();
    // The last messages are lost for sessions, and then others get their numbers.
    let cut = |journal: &Vec<Found>| journal[..journal.len() - 30].to_vec();
    let found: Vec<_> = run.found.iter().map(cut).collect();
    let world = begin(&run, found).await;
    for number in 0..40 {
        world.post(run.hall, &run.owner, &format!("new {number}")).await;
    }
    assert_eq!(resume(&world, reader, reader.sequence).await, Fate::Anew);
    // It stays lost: a client that asks again is not let in either.
    assert_eq!(resume(&world, reader, reader.first).await, Fate::Anew);
}

#[tokio::test]
async fn a_lost_sequence_stays_lost_over_further_restarts() {
    let run = run().await;
    let reader = run.lost.last().unwrap();
    let cut = |journal: &Vec<Found>| journal[..journal.len() - 30].to_vec();
    let found: Vec<_> = run.found.iter().map(cut).collect();
    let next = Arc::new(RecordedStore::with_found(run.store.clone(), found));
    let seen = Arc::clone(&next) as Arc<dyn Store>;
    let world = Setup { seen_as: Some(seen), ..setup(run.store.clone()) }.start().await;
    for number in 0..40 {
        world.post(run.hall, &run.owner, &format!("new {number}")).await;
    }
    // Whoever joins last has heard of nothing before every journal has the messages.
    let mut witnesses = Vec::new();
    for _ in 0..2 {
        witnesses.push(world.join(&run.owner).await);
    }
    world.post(run.hall, &run.owner, "seen").await;
    for witness in &mut witnesses {
        witness.expect_message("seen").await;
    }
    world.crash().await;
    let found = next.written();
    let world = begin(&run, found).await;
    assert_eq!(resume(&world, reader, reader.sequence).await, Fate::Anew);
}

#[tokio::test]
async fn sessions_whose_events_the_store_no_longer_has_begin_anew() {
    let run = run().await;
    let reader = run.lost.last().unwrap();
    let cut = |journal: &Vec<Found>| journal[..journal.len() - 30].to_vec();
    let found: Vec<_> = run.found.iter().map(cut).collect();
    run.store.trim_events(Timestamp::from_millis(u64::MAX >> 1)).await.unwrap();
    let world = begin(&run, found).await;
    assert_eq!(resume(&world, reader, reader.first + 20).await, Fate::Anew);
}

#[tokio::test]
async fn sessions_that_know_more_than_an_older_copy_of_the_store_begin_anew() {
    let run = run().await;
    let world = begin(&run, run.found.clone()).await;
    let reader = run.lost.last().unwrap();
    assert!(matches!(resume(&world, reader, reader.sequence).await, Fate::Resumed(_)));
    drop(world);
    // The same users and guild, before the first message.
    let older = MemoryStore::new();
    let first = setup(older.clone()).start().await;
    drop(first);
    copy(&run, &older).await;
    let older = Run { store: older, ..run };
    let found = older.found.clone();
    let world = begin(&older, found).await;
    let reader = older.lost.last().unwrap();
    assert_eq!(resume(&world, reader, reader.sequence).await, Fate::Anew);
}

/// Copies users, tokens and the guild, but nothing that happened.
async fn copy(run: &Run, to: &MemoryStore) {
    use futures_util::StreamExt as _;
    use throng_proto::record::Write;
    let record = run.store.guild(run.hall.id).await.unwrap().unwrap();
    let mut writes = vec![Write::Guild(record.guild)];
    writes.extend(record.roles.into_iter().map(|role| Write::Role(run.hall.id, role)));
    writes.extend(record.channels.into_iter().map(Write::Channel));
    let mut pages = run.store.members(run.hall.id);
    while let Some(page) = pages.next().await {
        for member in page.unwrap() {
            let mut digest = [0; 32];
            let token = format!("token-{}", member.user.id);
            digest.iter_mut().zip(token.bytes()).for_each(|(to, from)| *to = from);
            let made_at = Timestamp::from_millis(1_700_000_000_000);
            writes.push(Write::Token { digest, user: member.user.id, made_at });
            writes.push(Write::Member(run.hall.id, member));
        }
    }
    to.commit(writes).await.unwrap();
}
