//! What overwrites do, against a model that asks for every bit on its own.

use std::sync::Arc;

use throng_engine::shape::Shape;
use throng_proto::id::{AnyId, GuildId, RoleId, UserId};
use throng_proto::model::{Channel, ChannelKind, Guild, Overwrite, OverwriteKind, Role};
use throng_proto::permissions::Permissions;

use super::hall::of_role;
use crate::random::Random;

const GUILD: GuildId = GuildId::new(100);
const MEMBER: UserId = UserId::new(2);
const ROLES: [RoleId; 3] = [RoleId::new(200), RoleId::new(201), RoleId::new(202)];
const VIEW: Permissions = Permissions::VIEW_CHANNEL;
const SEND: Permissions = Permissions::SEND_MESSAGES;
const NONE: Permissions = Permissions::NONE;

fn shape(everyone: Permissions, roles: [Permissions; 3]) -> Shape {
    let first = Role::new(GUILD.cast(), "@everyone", everyone);
    let rest = ROLES.iter().zip(roles).map(|(id, bits)| Role::new(*id, "role", bits));
    Shape {
        guild: Guild::new(GUILD, "guild", UserId::new(1)),
        roles: std::iter::once(first).chain(rest).map(|role| (role.id, Arc::new(role))).collect(),
        channels: std::iter::empty::<(_, Arc<Channel>)>().collect(),
    }
}

fn channel(overwrites: Vec<Overwrite>) -> Channel {
    let id = throng_proto::id::ChannelId::new(300);
    let channel = Channel::new(id, GUILD, "channel", ChannelKind::TEXT);
    Channel { permission_overwrites: overwrites, ..channel }
}

fn of_member(user: UserId, allow: Permissions, deny: Permissions) -> Overwrite {
    Overwrite { id: user.into(), kind: OverwriteKind::Member, allow, deny }
}

#[test]
fn overwrites_apply_to_everyone_then_all_roles_at_once_then_the_member() {
    let everyone = |allow, deny| of_role(GUILD.cast(), allow, deny);
    let role = |index: usize, allow, deny| of_role(ROLES[index], allow, deny);
    let member = |allow, deny| of_member(MEMBER, allow, deny);
    let other = |allow, deny| of_member(UserId::new(3), allow, deny);
    // Overwrites, and whether the member with roles 0 and 1 may post, whose base has VIEW and SEND.
    let table = [
        (vec![], true),
        (vec![everyone(NONE, SEND)], false),
        (vec![everyone(NONE, SEND), role(0, SEND, NONE)], true),
        (vec![role(0, SEND, NONE), everyone(NONE, SEND)], true),
        (vec![role(0, NONE, SEND)], false),
        // All roles at once, and allow wins, in whatever order they stand.
        (vec![role(0, NONE, SEND), role(1, SEND, NONE)], true),
        (vec![role(1, SEND, NONE), role(0, NONE, SEND)], true),
        (vec![role(2, NONE, SEND)], true),
        (vec![role(0, SEND, NONE), member(NONE, SEND)], false),
        (vec![member(SEND, NONE), role(0, NONE, SEND), everyone(NONE, SEND)], true),
        (vec![other(NONE, SEND)], true),
        // Without VIEW_CHANNEL nothing else counts.
        (vec![everyone(SEND, VIEW)], false),
        (vec![everyone(NONE, VIEW), member(VIEW, NONE)], true),
    ];
    let shape = shape(VIEW | SEND, [NONE; 3]);
    for (overwrites, may) in table {
        let channel = channel(overwrites);
        let roles = &ROLES[..2];
        let granted = shape.in_channel(shape.base(MEMBER, roles), MEMBER, roles, &channel);
        assert_eq!(granted.contains(SEND), may, "{:?}", channel.permission_overwrites);
    }
}

/// Decides one bit as the documentation words it.
fn naive(shape: &Shape, roles: &[RoleId], overwrites: &[Overwrite], bit: u64) -> bool {
    let has = |set: Permissions| set.bits() & bit != 0;
    let everyone: AnyId = GUILD.cast();
    let held = |id: RoleId| id == GUILD.cast() || roles.contains(&id);
    let granted = shape.roles.values().filter(|role| held(role.id));
    let granted: Vec<Permissions> = granted.map(|role| role.permissions).collect();
    if granted.iter().any(|set| set.contains(Permissions::ADMINISTRATOR)) {
        return Permissions::ALL.bits() & bit != 0;
    }
    let mut answer = granted.iter().any(|set| has(*set));
    let steps: [&dyn Fn(&Overwrite) -> bool; 3] = [
        &|o| o.kind == OverwriteKind::Role && o.id == everyone,
        &|o| o.kind == OverwriteKind::Role && o.id != everyone && roles.contains(&o.id.cast()),
        &|o| o.kind == OverwriteKind::Member && o.id == MEMBER.cast(),
    ];
    for step in steps {
        let mine: Vec<&Overwrite> = overwrites.iter().filter(|o| step(o)).collect();
        if mine.iter().any(|o| has(o.allow)) {
            answer = true;
        } else if mine.iter().any(|o| has(o.deny)) {
            answer = false;
        }
    }
    answer
}

#[test]
fn random_overwrites_are_what_a_naive_model_says() {
    const OF_SENDERS: u64 = 1 << 12 | 1 << 14 | 1 << 15 | 1 << 17;
    for seed in 0..2000 {
        let mut random = Random::new(seed);
        let mut bits = || {
            let chosen = random.some(&[1, 6, 10, 11, 12, 13, 14, 15, 16, 17, 28]);
            Permissions::from_bits(chosen.iter().fold(0, |sum, bit| sum | 1 << bit))
        };
        let powerful = if seed % 8 == 0 { Permissions::ADMINISTRATOR } else { NONE };
        let shape = shape(bits(), [bits(), bits(), bits() | powerful]);
        let targets = [GUILD.cast(), ROLES[0], ROLES[1], ROLES[2]];
        let mut overwrites: Vec<Overwrite> =
            targets.iter().map(|role| of_role(*role, bits(), bits())).collect();
        overwrites.push(of_member(MEMBER, bits(), bits()));
        let overwrites = random.some(&overwrites);
        let roles = random.some(&ROLES);
        let base = shape.base(MEMBER, &roles);
        let granted = shape.in_channel(base, MEMBER, &roles, &channel(overwrites.clone()));
        let ask = |bit: u64| naive(&shape, &roles, &overwrites, bit);
        for index in 0..53 {
            let bit = 1 << index;
            let viewed = ask(VIEW.bits());
            let sent = bit & OF_SENDERS == 0 || ask(SEND.bits());
            let expected = viewed && sent && ask(bit);
            assert_eq!(granted.bits() & bit != 0, expected, "bit {index}, seed {seed}");
        }
    }
}
