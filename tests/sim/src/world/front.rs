//! What is there at first, and what operators and owners change of it.

use futures_util::FutureExt as _;
use throng_ports::store::Store as _;
use throng_proto::command::{Actor, ChannelPatch, Command, MemberPatch, RolePatch};
use throng_proto::id::{ChannelId, GuildId, RoleId, UserId};
use throng_proto::model::{
    Channel, ChannelKind, Guild, Member, Overwrite, OverwriteKind, Profile, Role, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::time::Timestamp;

use super::World;
use crate::client::Client;
use crate::plan::Fault;

/// When everybody joined: 2020-09-13.
const JOINED: Timestamp = Timestamp::from_millis(1_600_000_000_000);

impl World {
    /// Founds guilds with members, roles and channels, and lets clients wait outside.
    pub(super) fn found(&mut self) {
        let clients = usize::from(self.plan.clients);
        for index in 0..clients {
            let shares = index > 0 && self.chance.per_mille(150);
            let user = if shares { self.clients[index - 1].user } else { user_id(index) };
            let client = Client {
                user,
                content: self.chance.per_mille(700),
                passive: self.chance.per_mille(150),
                session: None,
                saved: None,
                wire: None,
                wakes: self.chance.below(1_000) as u64,
                room: 1_000_000,
                received: 0,
            };
            self.clients.push(client);
        }
        let users: Vec<User> =
            (0..clients).map(|i| User::new(user_id(i), name(i), false)).collect();
        let mut writes: Vec<Write> = users.iter().cloned().map(Write::User).collect();
        for number in 0..u64::from(self.plan.guilds) {
            self.found_guild(number, &users, &mut writes);
        }
        let made = self.store.commit(writes).now_or_never();
        debug_assert!(matches!(made, Some(Ok(()))), "{made:?}");
    }

    fn found_guild(&mut self, number: u64, users: &[User], writes: &mut Vec<Write>) {
        let id = GuildId::new(1_000 + 100 * number);
        let owner = users.first().map_or(UserId::new(1), |user| user.id);
        writes.push(Write::Guild(Guild::new(id, "guild", owner)));
        let everyone = Role::new(id.cast(), "@everyone", Permissions::DEFAULT);
        writes.push(Write::Role(id, everyone));
        for role in 1..4 {
            let mut role = Role::new(RoleId::new(id.value() + role), "role", Permissions::NONE);
            role.position = 1;
            writes.push(Write::Role(id, role));
        }
        for channel in 10..13 {
            let channel = ChannelId::new(id.value() + channel);
            writes.push(Write::Channel(Channel::new(channel, id, "channel", ChannelKind::TEXT)));
        }
        for (index, user) in users.iter().enumerate() {
            if index == 0 || self.chance.per_mille(800) {
                let profile = Profile::new(JOINED, Vec::new());
                writes.push(Write::Member(id, Member { user: user.clone(), profile }));
            }
        }
    }

    /// Lets an operator change who may see what.
    pub(super) fn change_something(&mut self) {
        let Some((guild, user)) = self.somebody() else { return };
        let role = RoleId::new(guild.value() + 1 + self.chance.below(3) as u64);
        let channel = ChannelId::new(guild.value() + 10 + self.chance.below(3) as u64);
        let (view, none) = (Permissions::VIEW_CHANNEL, Permissions::NONE);
        let whose = self.chance.pick(&[guild.cast(), role]).unwrap_or(role);
        let overwrite =
            |allow, deny| Overwrite { id: whose.into(), kind: OverwriteKind::Role, allow, deny };
        let own =
            Overwrite { id: user.into(), kind: OverwriteKind::Member, allow: view, deny: none };
        let command = match self.chance.below(9) {
            0 => Command::MemberRoleAdd(user, role),
            1 => Command::MemberRoleRemove(user, role),
            2 => Command::OverwritePut(channel, overwrite(none, view)),
            3 => Command::OverwritePut(channel, overwrite(view, none)),
            4 => Command::OverwriteDelete(channel, whose.into()),
            5 => Command::OverwritePut(channel, own),
            6 => {
                let nick = Some(Some(format!("nick{}", self.chance.below(100))));
                Command::MemberPatch(user, MemberPatch { nick, ..MemberPatch::default() })
            }
            7 => {
                let name = Some(format!("channel-{}", self.chance.below(100)));
                Command::ChannelPatch(channel, ChannelPatch { name, ..ChannelPatch::default() })
            }
            _ => {
                let permissions = self.chance.pick(&[view, none, Permissions::ADMINISTRATOR]);
                Command::RolePatch(role, RolePatch { permissions, ..RolePatch::default() })
            }
        };
        self.command(guild, Actor::Operator, command);
    }

    fn somebody(&mut self) -> Option<(GuildId, UserId)> {
        let guilds: Vec<GuildId> = self.hosts.keys().copied().collect();
        let users: Vec<UserId> = self.clients.iter().map(|client| client.user).collect();
        Some((self.chance.pick(&guilds)?, self.chance.pick(&users)?))
    }

    /// Throws a member out, or lets one come.
    pub(super) fn kick(&mut self) {
        debug_assert!(self.plan.has(Fault::Kicks), "only where it is planned");
        let Some((guild, user)) = self.somebody() else { return };
        let member = self.hosts[&guild].guild.member(user).is_some();
        let found = self.store.user(user).now_or_never().and_then(Result::ok).flatten();
        let command = match found {
            _ if member => Command::MemberDelete(user),
            Some(user) => Command::MemberPut(user, MemberPatch::default()),
            None => return,
        };
        self.command(guild, Actor::Operator, command);
    }
}

fn user_id(index: usize) -> UserId {
    UserId::new(100 + index as u64)
}

fn name(index: usize) -> String {
    format!("user{index}")
}
