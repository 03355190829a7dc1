//! Members who came, and how the roster takes them in.

use throng_engine::guild::Config;
use throng_proto::command::{Command, MemberPatch};
use throng_proto::id::UserId;

use super::hall::{Hall, MODERATOR, OWNER, user};

fn join(hall: &mut Hall, number: u64) {
    hall.run(OWNER, Command::MemberPut(user(number), MemberPatch::default())).unwrap();
}

/// A guild that begins anew tells whoever came just before, as far as they are still there.
#[test]
fn those_who_came_and_stayed_are_known_by_the_events_of_their_coming() {
    let mut hall = Hall::new();
    for number in [20, 21, 22] {
        join(&mut hall, number);
    }
    hall.run(OWNER, Command::MemberDelete(UserId::new(21))).unwrap();
    hall.post(MODERATOR, "something else");
    let came = hall.guild.newcomers(&hall.log);
    assert_eq!(came, [UserId::new(20), UserId::new(22)]);
    assert!(hall.guild.newcomers(&[]).is_empty());
}

/// The more there is to fold, the more is folded at once, up to a bound.
#[test]
fn changes_of_members_are_folded_in_the_faster_the_more_wait() {
    let mut hall = Hall::with(Config { unfolded_max: 8, ..Config::default() });
    let before = hall.guild.roster().recent();
    for number in 0..3 {
        join(&mut hall, 100 + number);
    }
    hall.guild.fold();
    assert!(hall.guild.roster().recent() > before, "so few may wait");
    for number in 3..60 {
        join(&mut hall, 100 + number);
        let waiting = hall.guild.roster().recent();
        hall.guild.fold();
        assert!(hall.guild.roster().recent() <= waiting);
    }
    for _ in 0..100 {
        hall.guild.fold();
    }
    assert!(hall.guild.roster().recent() < 8, "{}", hall.guild.roster().recent());
    assert!((0..60).all(|number| hall.guild.member(UserId::new(100 + number)).is_some()));
}

#[test]
fn a_guild_says_how_many_changes_it_announces() {
    let hall = Hall::with(Config { announce_max: 7, ..Config::default() });
    assert_eq!(hall.guild.announce_max(), 7);
}
