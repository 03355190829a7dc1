//! Members that see the same channels share a class.

use std::sync::Arc;

use throng_engine::class::Classes;
use throng_proto::id::RoleId;
use throng_proto::model::Role;
use throng_proto::permissions::Permissions;

use crate::scene::{self, ALICE, BOB, GUILD, OPEN, OWNER, RED, SECRET};

#[test]
fn members_with_the_same_roles_share_a_class() {
    let mut classes = Classes::new(&scene::shape());
    assert_eq!(classes.of(ALICE, &[RED]), classes.of(BOB, &[RED]));
    assert_ne!(classes.of(ALICE, &[RED]), classes.of(BOB, &[]));
}

#[test]
fn the_owner_and_whom_an_overwrite_names_stand_alone() {
    let shape = scene::shape();
    let mut classes = Classes::new(&shape);
    assert_ne!(classes.of(OWNER, &[]), classes.of(BOB, &[]));
    let named = scene::overwritten(&shape, OPEN, vec![scene::deny_member(ALICE)]);
    assert_eq!(classes.reshape(&named), [ALICE]);
    let (alice, bob) = (classes.of(ALICE, &[]), classes.of(BOB, &[]));
    assert_ne!(alice, bob);
    assert!(!classes.can_view(&named, alice, OPEN));
    assert!(classes.can_view(&named, bob, OPEN));

    assert_eq!(classes.reshape(&shape), [ALICE]);
    assert_eq!(classes.again(ALICE, alice), bob, "she is like the others again");
}

#[test]
fn answers_are_forgotten_with_the_shape_they_were_for() {
    let shape = scene::shape();
    let mut classes = Classes::new(&shape);
    let class = classes.of(ALICE, &[]);
    assert!(classes.can_view(&shape, class, OPEN));
    assert!(!classes.can_view(&shape, class, SECRET));

    let mut closed = scene::shape();
    let everyone = Role::new(GUILD.cast(), "@everyone", Permissions::NONE);
    closed.roles.insert(everyone.id, Arc::new(everyone));
    closed.channels.shift_remove(&SECRET);
    assert!(classes.reshape(&closed).is_empty());
    assert!(!classes.can_view(&closed, class, OPEN));
    assert!(!classes.can_view(&closed, class, SECRET), "nobody views a channel that is gone");
}

#[test]
fn classes_know_their_roles() {
    let mut classes = Classes::new(&scene::shape());
    let (red, none) = (classes.of(ALICE, &[RED]), classes.of(ALICE, &[]));
    assert!(classes.has_role(red, RED));
    assert!(!classes.has_role(none, RED));
    assert!(!classes.has_role(99, RED), "nobody has the class");
}

/// K1: who changes its roles again and again leaves nothing behind.
#[test]
fn classes_that_nobody_has_any_more_are_dropped() {
    let shape = scene::shape();
    let mut classes = Classes::new(&shape);
    let bob = classes.of(BOB, &[RED]);
    let mut alice = classes.of(ALICE, &[]);
    for change in 1..16_000 {
        if classes.is_crowded() {
            classes.sweep([alice, bob]);
        }
        alice = classes.of(ALICE, &[RoleId::new(1_000_000 + change)]);
        assert!(!classes.can_view(&shape, alice, SECRET));
        assert_eq!(classes.roles(alice), [RoleId::new(1_000_000 + change)]);
        assert!(classes.can_view(&shape, bob, SECRET));
        assert!(classes.len() <= 3 * 64 + 2, "{}", classes.len());
    }
    assert_eq!(classes.of(BOB, &[RED]), bob);
    assert_eq!(classes.roles(bob), [RED]);
    classes.sweep([alice, bob]);
    assert_eq!(classes.len(), 2);
}

/// Sweeps come when there are as many classes again as were kept, and a few.
#[test]
fn a_sweep_is_due_when_many_classes_were_made() {
    let mut classes = Classes::new(&scene::shape());
    assert!(classes.is_empty());
    let mut made = Vec::new();
    for (kept, due) in [(0, 64), (40, 144), (144, 352)] {
        let kept: Vec<_> = made.iter().copied().take(kept).collect();
        classes.sweep(kept.iter().copied());
        made = kept;
        while made.len() < due {
            assert!(!classes.is_crowded(), "{} of {due}", made.len());
            made.push(classes.of(ALICE, &[RoleId::new(2_000 + made.len() as u64)]));
        }
        assert!(classes.is_crowded() && !classes.is_empty(), "{due}");
    }
}
