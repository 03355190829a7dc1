//! G1, G2 and G3: commits, failures, barriers and bounds.

use throng_engine::guild::{Config, Ticket};
use throng_proto::command::{Command, MessageDraft, RolePatch};
use throng_proto::event::EventKind;
use throng_proto::model::{Message, Nonce};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use super::hall::{
    self, ALICE, BOB, Hall, MODERATOR, OPEN, OPERATOR, OWNER, actor, create, draft, message_of,
};

fn held() -> Hall {
    let mut hall = Hall::new();
    hall.held = true;
    hall
}

fn role(name: &str) -> Command {
    Command::RoleCreate(RolePatch { name: Some(name.into()), ..RolePatch::default() })
}

fn once(nonce: &str) -> Command {
    let nonce = Some(Nonce::Text(nonce.into()));
    let draft = MessageDraft { nonce, enforce_nonce: true, ..draft("once") };
    Command::MessageCreate(OPEN, Box::new(draft))
}

#[test]
fn g1_nothing_is_answered_or_published_before_the_commit() {
    let mut hall = held();
    let ticket = hall.ask(ALICE, create("hello"));
    assert!(hall.answers.is_empty() && hall.events.is_empty());
    assert!(hall.guild.last_messages().is_empty());
    hall.commit();
    assert!(hall.answers[&ticket].is_ok());
    assert_eq!(hall.kinds(), [EventKind::MessageCreate]);
    assert_eq!(hall.guild.last_messages().len(), 1);
}

#[test]
fn g2_commands_that_come_during_a_commit_share_the_next_one_in_order() {
    let mut hall = held();
    let tickets: Vec<Ticket> = (0..5).map(|n| hall.ask(ALICE, create(&n.to_string()))).collect();
    assert_eq!(hall.commits.len(), 1);
    hall.commit();
    assert_eq!(hall.answers.len(), 1);
    assert_eq!(hall.commits[0].len(), 8, "four messages with their events");
    hall.commit();
    let answered: Vec<Ticket> = hall.answers.keys().copied().collect();
    assert_eq!(answered, tickets);
    assert_eq!(hall.guild.sequence(), 5);
    let texts: Vec<String> = hall
        .log
        .iter()
        .map(|record| {
            let payload: serde_json::Value = serde_json::from_str(&record.payload).expect("JSON");
            payload["content"].as_str().expect("text").to_owned()
        })
        .collect();
    assert_eq!(texts, ["0", "1", "2", "3", "4"]);
}

#[test]
fn g3_a_commit_that_fails_changes_nothing_and_its_numbers_are_used_again() {
    let mut hall = held();
    let first = hall.ask(ALICE, create("lost"));
    let second = hall.ask(ALICE, create("kept"));
    hall.fail();
    let refused = hall.answers[&first].clone().expect_err("refused");
    assert_eq!(refused.status(), 503);
    assert!(refused.to_string().contains("the disk is full"));
    assert!(refused.retry_after().is_some());
    assert_eq!(hall.guild.sequence(), 0);
    hall.commit();
    assert!(hall.answers[&second].is_ok());
    assert_eq!(hall.log[0].sequence, 1);
    assert_eq!(hall.events.len(), 1);
}

#[test]
fn g3_a_failed_change_of_structure_leaves_the_structure() {
    let mut hall = held();
    let roles = hall.guild.shape().roles.len();
    let change = hall.ask(OWNER, role("lost"));
    let after = hall.ask(ALICE, create("after"));
    hall.fail();
    assert!(hall.answers[&change].is_err());
    assert_eq!(hall.guild.shape().roles.len(), roles);
    hall.commit();
    assert!(hall.answers[&after].is_ok());
}

#[test]
fn a_failed_post_frees_its_nonce_and_its_place_in_slow_mode() {
    let mut hall = held();
    let slow = |text| Command::MessageCreate(hall::SLOW, Box::new(draft(text)));
    hall.ask(ALICE, once("a"));
    hall.fail();
    hall.ask(ALICE, slow("a"));
    hall.fail();
    hall.held = false;
    assert!(hall.run(ALICE, once("a")).is_ok());
    assert!(hall.run(ALICE, slow("b")).is_ok());
}

#[test]
fn a_change_of_structure_waits_for_all_before_it_and_all_after_it_wait_for_it() {
    let mut hall = held();
    hall.ask(ALICE, create("before"));
    hall.ask(BOB, create("with the next commit"));
    hall.ask(OWNER, role("barrier"));
    hall.ask(ALICE, create("after"));
    hall.ask(OWNER, role("another"));
    hall.ask(BOB, create("last"));
    assert_eq!(hall.guild.pending(), 6);
    let mut sizes = Vec::new();
    while let Some(commit) = hall.commits.front() {
        sizes.push(commit.len());
        hall.commit();
    }
    assert_eq!(sizes, [2; 6], "each with one event and one write");
    let order: Vec<&str> = hall.log.iter().map(|record| record.kind.name()).collect();
    let (message, role) = ("MESSAGE_CREATE", "GUILD_ROLE_CREATE");
    assert_eq!(order, [message, message, role, message, role, message]);
    assert_eq!(hall.guild.pending(), 0);
}

#[test]
fn waiting_commands_are_checked_against_the_structure_that_they_meet() {
    let mut hall = held();
    let delete = hall.ask(MODERATOR, Command::ChannelDelete(OPEN));
    let post = hall.ask(ALICE, create("too late"));
    hall.commit_all();
    assert!(hall.answers[&delete].is_ok());
    assert_eq!(hall.answers[&post], Err(Refusal::UnknownChannel));
}

#[test]
fn reads_refusals_and_typing_do_not_wait_for_the_store() {
    let mut hall = held();
    hall.ask(OWNER, role("slow"));
    let read = hall.ask(ALICE, Command::RoleList);
    let typing = hall.ask(ALICE, Command::Typing(OPEN));
    assert!(hall.answers[&read].is_ok() && hall.answers[&typing].is_ok());
    assert_eq!(hall.last().sequence, 0);
    let mut hall = held();
    hall.ask(ALICE, create("pending"));
    let refused = hall.ask(ALICE, Command::MessageBulkDelete(OPEN, Vec::new()));
    assert_eq!(hall.answers[&refused], Err(Refusal::MissingPermissions));
}

#[test]
fn a_repeated_post_is_answered_with_the_first_while_that_is_pending() {
    let mut hall = held();
    let tickets = [(); 3].map(|()| hall.ask(ALICE, once("a")));
    let other = hall.ask(BOB, once("a"));
    hall.commit_all();
    let answers = tickets.map(|ticket| hall.answers[&ticket].clone().expect("granted"));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_ne!(hall.answers[&other], Ok(answers[0].clone()), "nonces are each author's own");
    assert_eq!(hall.log.len(), 2);
}

#[test]
fn a_repeated_post_whose_first_fails_fails_with_it() {
    let mut hall = held();
    let tickets = [(); 2].map(|()| hall.ask(ALICE, once("a")));
    hall.fail();
    assert!(tickets.iter().all(|ticket| hall.answers[ticket].is_err()));
    assert_eq!(hall.guild.pending(), 0);
}

#[test]
fn a_repeated_post_is_answered_from_the_store_after_the_commit_and_after_a_restart() {
    let mut hall = Hall::new();
    let first = hall.run(ALICE, once("a"));
    assert_eq!(hall.run(ALICE, once("a")), first);
    assert_eq!(hall.log.len(), 1);
    let before = hall::record().nonces[0].message;
    let message = message_of(first.as_ref().expect("granted"));
    hall.shelf.put(Message { id: before, ..message });
    let again = hall.run(ALICE, once("before")).expect("granted");
    assert_eq!((message_of(&again).id, hall.log.len()), (before, 1));
    hall.pass(Config::default().nonce_window);
    assert_ne!(hall.run(ALICE, once("a")), first, "a nonce is forgotten after its window");
    assert_eq!(hall.log.len(), 2);
}

#[test]
fn a_repeated_post_whose_message_was_deleted_is_answered_as_if_it_were_there() {
    let mut hall = Hall::with(Config { removed_max: 2, ..Config::default() });
    let first = hall.run(ALICE, once("a"));
    let message = message_of(first.as_ref().expect("granted")).id;
    hall.run(ALICE, Command::MessageDelete(OPEN, message)).expect("granted");
    assert_eq!(hall.run(ALICE, once("a")), first);
    assert_eq!(hall.log.len(), 2, "nothing was posted again");
    for nonce in ["b", "c", "d"] {
        let posted = message_of(&hall.run(ALICE, once(nonce)).expect("granted")).id;
        hall.run(ALICE, Command::MessageDelete(OPEN, posted)).expect("granted");
    }
    let again = hall.run(ALICE, once("a")).expect("what is forgotten is posted again, never 404");
    assert_ne!(Ok(again), first);
}

#[test]
fn nonces_count_only_when_enforced() {
    let mut hall = Hall::new();
    let nonce = Some(Nonce::Number(7));
    let draft = MessageDraft { nonce, ..draft("twice") };
    for _ in 0..2 {
        let message = hall.post_in(ALICE, OPEN, draft.clone()).expect("granted");
        assert_eq!(message.nonce, Some(Nonce::Number(7)));
    }
    assert_eq!(hall.log.len(), 2);
}

#[test]
fn more_commands_than_the_limit_are_refused_and_nothing_is_lost() {
    let mut hall = Hall::with(Config { pending_max: 8, batch_max: 2, ..Config::default() });
    hall.held = true;
    let tickets: Vec<Ticket> = (0..10).map(|_| hall.ask(ALICE, create("x"))).collect();
    for ticket in &tickets[8..] {
        let refused = hall.answers[ticket].clone().expect_err("refused");
        assert_eq!(refused.status(), 503);
        assert!(refused.to_string().contains("8 commands"));
    }
    hall.commit_all();
    assert!(tickets[..8].iter().all(|ticket| hall.answers[ticket].is_ok()));
    assert_eq!(hall.guild.pending(), 0);
}

#[test]
fn a_deleted_guild_says_so_and_refuses_what_waited() {
    let mut hall = held();
    hall.ask(OWNER, Command::GuildDelete);
    let late = hall.ask(ALICE, create("late"));
    hall.commit();
    assert_eq!(hall.trace[..3], ["answer 1", "publish GUILD_DELETE", "deleted"]);
    assert_eq!(hall.answers[&late], Err(Refusal::UnknownGuild));
    let later = hall.ask(OPERATOR, Command::RoleList);
    assert_eq!(hall.answers[&later], Err(Refusal::UnknownGuild));
    assert!(hall.commits.is_empty());
}

#[test]
fn two_guilds_of_a_node_never_make_the_same_id() {
    let config = Config::default();
    let (mut one, mut other) = (Hall::with(config.clone()), Hall::with(config));
    let mut ids: Vec<_> =
        (0..50).flat_map(|_| [one.post(ALICE, "a").id, other.post(BOB, "b").id]).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), 100);
}

#[test]
fn equal_histories_give_equal_outputs() {
    let story = || {
        let mut hall = Hall::new();
        hall.post(ALICE, "a <@3>");
        hall.run(OWNER, role("r")).expect("granted");
        hall.run(BOB, Command::Access(OPEN, Permissions::MANAGE_ROLES)).expect_err("refused");
        (hall.trace, hall.log)
    };
    assert_eq!(story(), story());
    assert_ne!(actor(ALICE), actor(OPERATOR));
}
