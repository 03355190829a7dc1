//! Random histories with failing commits: G1, G2 and G3 hold whatever happens.

use std::collections::{BTreeMap, BTreeSet};

use throng_proto::command::{ChannelPatch, Command, MemberPatch, RolePatch};
use throng_proto::id::{ChannelId, UserId};
use throng_proto::model::{InviteCode, InviteDraft};
use throng_proto::record::Write;

use super::hall::{
    ADMINISTRATOR, ALICE, BOB, Hall, MODERATOR, OPEN, OPERATOR, OWNER, RED, STRANGER, draft, user,
};
use crate::random::Random;

const ACTORS: [u64; 7] = [OPERATOR, OWNER, ALICE, BOB, MODERATOR, ADMINISTRATOR, STRANGER];

/// What must be true of a guild whose commits are exactly `committed`.
#[derive(Default)]
struct Model {
    channels: BTreeSet<ChannelId>,
    members: BTreeSet<UserId>,
    roles: usize,
    /// Each with its channel.
    invites: BTreeMap<InviteCode, ChannelId>,
}

impl Model {
    fn of(hall: &Hall) -> Self {
        let shape = hall.guild.shape();
        Self {
            channels: shape.channels.keys().copied().collect(),
            members: hall.guild.roster().iter().map(|entry| entry.user()).collect(),
            roles: shape.roles.len(),
            invites: BTreeMap::new(),
        }
    }

    /// Applies commits as the store does.
    fn apply(&mut self, writes: &[Write]) {
        let mut new_roles = BTreeSet::new();
        for write in writes {
            match write {
                Write::Channel(channel) => _ = self.channels.insert(channel.id),
                Write::ChannelDelete(_, channel) => {
                    self.channels.remove(channel);
                    self.invites.retain(|_, of| of != channel);
                }
                Write::Invite(invite) => {
                    self.invites.insert(invite.code.clone(), invite.channel_id);
                }
                Write::InviteDelete(_, code) => _ = self.invites.remove(code),
                Write::Member(_, member) => _ = self.members.insert(member.user.id),
                Write::MemberDelete(_, user) => _ = self.members.remove(user),
                Write::Role(_, role) if role.name == "new" => _ = new_roles.insert(role.id),
                Write::RoleDelete(..) => self.roles -= 1,
                _ => {}
            }
        }
        self.roles += new_roles.len();
    }
}

fn command(random: &mut Random, hall: &Hall) -> Command {
    let channels: Vec<ChannelId> = hall.guild.shape().channels.keys().copied().collect();
    let channel = if channels.is_empty() { OPEN } else { random.pick(&channels) };
    let name = Some("new".to_owned());
    let someone = UserId::new(random.below(12));
    let codes: Vec<_> = hall.guild.invite_codes().cloned().collect();
    let code = codes.get(random.index(codes.len().max(1))).cloned();
    let code = code.unwrap_or_else(|| InviteCode::from_random(0));
    match random.below(20) {
        0 => Command::ChannelCreate(ChannelPatch { name, ..ChannelPatch::default() }),
        1 => Command::ChannelPatch(
            channel,
            ChannelPatch { nsfw: Some(true), ..ChannelPatch::default() },
        ),
        2 if random.one_in(3) => Command::ChannelDelete(channel),
        3 => Command::RoleCreate(RolePatch { name, ..RolePatch::default() }),
        4 => Command::MemberPut(user(someone.value()), MemberPatch::default()),
        5 => Command::MemberDelete(someone),
        6 => Command::MemberRoleAdd(someone, RED),
        7 => Command::Typing(channel),
        8 => Command::ChannelList,
        9 | 10 => {
            let (made, uses) = (InviteCode::from_random(random.below(1 << 40)), random.below(3));
            let max_uses = u32::try_from(uses).ok();
            let (code, unique) = (Some(made), Some(true));
            Command::InviteCreate(
                channel,
                InviteDraft { code, max_uses, unique, ..InviteDraft::default() },
            )
        }
        11 => Command::InviteAccept(code),
        12 if random.one_in(3) => Command::InviteDelete(code),
        _ => Command::MessageCreate(channel, Box::new(draft("x"))),
    }
}

#[test]
fn random_histories_keep_g1_g2_and_g3() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let mut hall = Hall::new();
        hall.held = true;
        let mut model = Model::of(&hall);
        let mut asked = 0;
        for _ in 0..200 {
            match (hall.commits.front().cloned(), random.below(6)) {
                (Some(writes), 0) => {
                    model.apply(&writes);
                    hall.commit();
                }
                (Some(_), 1) if random.one_in(3) => hall.fail(),
                _ => {
                    let command = command(&mut random, &hall);
                    hall.ask(random.pick(&ACTORS), command);
                    asked += 1;
                }
            }
            let is = Model::of(&hall);
            assert_eq!(is.channels, model.channels, "G3, seed {seed}");
            assert_eq!(is.members, model.members, "G3, seed {seed}");
            let known = model.invites.keys();
            assert!(hall.guild.invite_codes().eq(known), "G3, seed {seed}");
            assert_eq!(is.roles, model.roles, "G3, seed {seed}");
            assert_eq!(hall.guild.sequence(), hall.log.len() as u64, "G2, seed {seed}");
        }
        hall.commit_all();
        assert_eq!(hall.answers.len(), asked, "every command is answered, seed {seed}");
        assert_eq!(hall.guild.pending(), 0);
    }
}
