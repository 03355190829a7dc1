//! A guild on its way to another owner.

use throng_engine::guild::{Arrivals, Guild};
use throng_engine::roster::Roster;
use throng_proto::command::{Command, MemberPatch, MessageDraft};
use throng_proto::id::UserId;
use throng_proto::model::{Nonce, User};

use super::hall::{ALICE, Hall, OPEN, OPERATOR, RED, create, draft};
use crate::random::Random;

/// Gives a hall's guild to another owner that has these members.
fn give(hall: &mut Hall, members: Roster) -> Roster {
    let empty = Hall::new().guild;
    let (rest, before) = std::mem::replace(&mut hall.guild, empty).depart();
    hall.guild = Guild::arrive(rest, members);
    before
}

fn put(user: u64) -> Command {
    let user = User::new(UserId::new(user), format!("user{user}"), false);
    Command::MemberPut(user, MemberPatch::default())
}

fn change(random: &mut Random) -> Command {
    let user = 10 + random.below(30);
    match random.below(5) {
        0 => Command::MemberDelete(UserId::new(user)),
        4 => Command::RoleDelete(RED),
        1 => Command::MemberRoleAdd(UserId::new(user), RED),
        _ => put(user),
    }
}

/// H1: pages and changes, taken in order, are the members as they are at the end, whatever came,
/// changed and went between the pages.
#[test]
fn h1_pages_and_changes_together_are_the_members() {
    for seed in 0..200 {
        let (mut hall, mut random) = (Hall::new(), Random::new(seed));
        for user in 10..25 {
            hall.ask(OPERATOR, put(user));
        }
        let (mut members, mut after) = (Arrivals::default(), None);
        hall.guild.tell_changes(true);
        loop {
            let page = hall.guild.page(after, 1 + random.index(4));
            for _ in 0..random.below(3) {
                hall.ask(OPERATOR, change(&mut random));
            }
            let Some(last) = page.last() else { break };
            after = Some(last.user.id);
            members.extend(page);
            hall.changes.drain(..).for_each(|change| members.note(change));
        }
        hall.changes.drain(..).for_each(|change| members.note(change));
        let (_, expected) = hall.guild.depart();
        let [arrived, expected] = [members.finish(), expected]
            .map(|roster| roster.iter().map(|entry| entry.member()).collect::<Vec<_>>());
        assert_eq!(arrived, expected, "seed {seed}");
    }
}

/// H1: the next owner goes on with the sequence, and knows what was posted already.
#[test]
fn h1_the_next_owner_goes_on_where_the_last_one_stopped() {
    let mut hall = Hall::new();
    let nonce = Some(Nonce::Text("once".into()));
    let once = MessageDraft { nonce, enforce_nonce: true, ..draft("once") };
    let first = hall.run(ALICE, Command::MessageCreate(OPEN, Box::new(once.clone())));
    let last = hall.guild.last_messages().clone();
    let members = give(&mut hall, Roster::default());
    give(&mut hall, members);
    assert_eq!(hall.guild.last_messages(), &last);
    assert_eq!(hall.run(ALICE, Command::MessageCreate(OPEN, Box::new(once))), first);
    // The hall checks that the sequence has no gap: G2.
    let ticket = hall.ask(ALICE, create("twice"));
    assert!(hall.answers[&ticket].is_ok());
    assert_eq!(hall.guild.sequence(), 2);
}

/// Nothing is told of when nobody is to come.
#[test]
fn changes_are_told_only_while_there_is_a_next_owner() {
    let mut hall = Hall::new();
    hall.ask(OPERATOR, put(20));
    hall.guild.tell_changes(true);
    hall.ask(OPERATOR, put(21));
    hall.guild.tell_changes(false);
    hall.ask(OPERATOR, Command::MemberDelete(UserId::new(21)));
    assert_eq!(hall.changes.len(), 1);
}
