//! The roster against a plain map: S1, S2 and S3 hold whatever happens.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use throng_engine::roster::{Roster, Snapshot};
use throng_proto::id::{RoleId, UserId};
use throng_proto::model::{Member, Profile, User};
use throng_proto::time::Timestamp;

type Model = BTreeMap<UserId, Member>;

/// What happens to a roster.
#[derive(Clone, Debug)]
enum Step {
    Put(Member),
    Remove(UserId),
    DropRole(RoleId),
    Fold,
    Snapshot,
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abAB]{1,4}",
        1 => "[a-c\u{df}\u{130}\u{3a3}\u{0}\u{1}]{1,6}",
        1 => Just("\u{10ffff}".to_owned()),
    ]
}

fn user() -> impl Strategy<Value = UserId> {
    prop_oneof![0..60_u64, Just(u64::MAX), any::<u64>()].prop_map(UserId::new)
}

prop_compose! {
    fn member()(
        id in user(),
        names in (name(), proptest::option::of(name()), proptest::option::of(name())),
        flags in any::<(bool, bool, bool)>(),
        times in (any::<u64>(), proptest::option::of(any::<u64>())),
        roles in proptest::collection::btree_set(1..300_u64, 0..4),
    ) -> Member {
        let mut user = User::new(id, names.0, flags.0);
        user.global_name = names.1;
        let roles = roles.into_iter().map(RoleId::new).collect();
        let mut profile = Profile::new(Timestamp::from_millis(times.0), roles);
        profile.nick = names.2;
        (profile.deaf, profile.mute) = (flags.1, flags.2);
        profile.communication_disabled_until = times.1.map(Timestamp::from_millis);
        Member { user, profile }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => member().prop_map(Step::Put),
        4 => user().prop_map(Step::Remove),
        1 => (1..300_u64).prop_map(|role| Step::DropRole(RoleId::new(role))),
        6 => Just(Step::Fold),
        1 => Just(Step::Snapshot),
    ]
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace('\0', "\u{1}")
}

/// Finds by looking at everybody.
fn matching(model: &Model, query: &str) -> BTreeSet<UserId> {
    let query = folded(query);
    let matches = |member: &&Member| {
        let User { username, global_name, .. } = &member.user;
        let names = [Some(username), global_name.as_ref(), member.profile.nick.as_ref()];
        names.into_iter().flatten().any(|name| folded(name).starts_with(&query))
    };
    model.values().filter(matches).map(|member| member.user.id).collect()
}

fn members(roster: &Roster) -> Vec<Member> {
    roster.iter().map(|entry| entry.member()).collect()
}

fn check(roster: &Roster, model: &Model, queries: &[String]) -> Result<(), TestCaseError> {
    prop_assert_eq!(roster.len(), model.len());
    prop_assert_eq!(members(roster), model.values().cloned().collect::<Vec<_>>());
    for query in queries {
        // Invariant: S3.
        let found = roster.search(query, usize::MAX);
        let ids: BTreeSet<UserId> = found.iter().map(|member| member.user.id).collect();
        prop_assert_eq!(ids.len(), found.len(), "S3: nobody is found twice");
        prop_assert_eq!(&ids, &matching(model, query), "S3: {:?}", query);
        prop_assert_eq!(roster.search(query, 2).len(), ids.len().min(2));
    }
    for id in (0..60).chain([u64::MAX]).map(UserId::new) {
        prop_assert_eq!(roster.get(id), model.get(&id).cloned());
        prop_assert_eq!(roster.contains(id), model.contains_key(&id));
    }
    let after = UserId::new(30);
    let rest = model.range(after..).filter(|(id, _)| **id > after).map(|(id, _)| *id);
    let ids = roster.after(after).map(|entry| entry.user());
    prop_assert_eq!(ids.collect::<Vec<_>>(), rest.collect::<Vec<_>>());
    Ok(())
}

fn apply(step: Step, roster: &mut Roster, model: &mut Model) {
    match step {
        Step::Put(member) => {
            let new = roster.put(&member);
            assert_eq!(new, model.insert(member.user.id, member).is_none());
        }
        Step::Remove(user) => assert_eq!(roster.remove(user), model.remove(&user)),
        Step::DropRole(role) => {
            roster.drop_role(role);
            for member in model.values_mut() {
                member.profile.roles.retain(|held| *held != role);
            }
        }
        Step::Fold => _ = roster.fold(),
        Step::Snapshot => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_roster_is_a_map_with_names(
        begin in vec(member(), 0..40),
        steps in vec(step(), 0..120),
        queries in vec("[a-cA\u{130}]{0,3}", 3),
    ) {
        let mut model: Model = begin.iter().cloned().map(|m| (m.user.id, m)).collect();
        let mut roster: Roster = begin.into_iter().collect();
        let mut snapshots: Vec<(Snapshot, Model)> = Vec::new();
        for step in steps {
            // A role that was deleted is never given again.
            let dropped = matches!(step, Step::DropRole(_));
            snapshots.extend(
                matches!(step, Step::Snapshot).then(|| (roster.snapshot(), model.clone())),
            );
            apply(step, &mut roster, &mut model);
            if dropped {
                check(&roster, &model, &queries)?;
                roster = members(&roster).into_iter().collect();
            }
        }
        check(&roster, &model, &queries)?;
        // Invariant: S2.
        while roster.fold() {}
        prop_assert_eq!(roster.recent(), 0);
        check(&roster, &model, &queries)?;
        // Invariant: S1.
        for (snapshot, then) in &snapshots {
            check(snapshot, then, &queries)?;
        }
    }
}

/// Names that say in which order they come.
fn numbered(id: u64) -> Member {
    let mut user = User::new(UserId::new(id), format!("user{id:06}"), false);
    user.global_name = Some(format!("Person {}", id % 7));
    Member {
        user,
        profile: Profile::new(Timestamp::from_millis(id), vec![RoleId::new(id % 3 + 1)]),
    }
}

#[test]
fn many_members_are_found_among_blocks_and_changes() {
    let mut roster: Roster = (0..20_000).step_by(2).map(numbered).collect();
    for id in (1..20_000).step_by(2) {
        roster.put(&numbered(id));
        if id % 64 == 1 {
            roster.fold();
        }
    }
    assert!(roster.recent() > 0, "some changes wait");
    assert_eq!(roster.len(), 20_000);
    assert!(roster.iter().map(|entry| entry.member()).eq((0..20_000).map(numbered)));
    let found = roster.search("USER0123", 1_000);
    assert!(found.into_iter().eq((12_300..12_400).map(numbered)));
    let people = roster.search("person 3", usize::MAX);
    assert_eq!(people.len(), (0..20_000).filter(|id| id % 7 == 3).count());
    while roster.fold() {}
    assert!(roster.iter().map(|entry| entry.member()).eq((0..20_000).map(numbered)));
    for id in 0..20_000 {
        assert!(roster.remove(UserId::new(id)).is_some());
    }
    while roster.fold() {}
    assert!(roster.is_empty() && roster.iter().next().is_none());
    assert!(roster.search("user", 10).is_empty());
}

#[test]
fn an_exact_name_comes_before_those_that_begin_with_it() {
    let names = ["anna bell", "annabel", "anna", "ann"];
    let named = |(id, name): (u64, &str)| Member {
        user: User::new(UserId::new(id), name, false),
        profile: Profile::new(Timestamp::from_millis(0), Vec::new()),
    };
    let roster: Roster = (1..).zip(names).map(named).collect();
    let found = roster.search("Anna", 2);
    let found: Vec<&str> = found.iter().map(|member| &*member.user.username).collect();
    assert_eq!(found, ["anna", "anna bell"]);
}

#[test]
fn an_entry_tells_names_and_roles_without_being_decoded() {
    let mut roster: Roster = (1..=3).map(numbered).collect();
    let entry = roster.entry(UserId::new(2)).unwrap();
    assert_eq!((entry.name(), entry.is_notable()), ("Person 2", true));
    assert_eq!(entry.roles().collect::<Vec<_>>(), [RoleId::new(3)]);
    roster.drop_role(RoleId::new(3));
    let entry = roster.entry(UserId::new(2)).unwrap();
    assert_eq!((entry.roles().count(), entry.is_notable()), (0, false));
    let mut nicked = numbered(2);
    nicked.profile.nick = Some("Nick".to_owned());
    roster.put(&nicked);
    let entry = roster.entry(UserId::new(2)).unwrap();
    assert_eq!((entry.name(), entry.is_notable()), ("Nick", true));
}
