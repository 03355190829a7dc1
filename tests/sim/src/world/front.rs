//! What is there at first, and what operators and owners change of it.

use std::collections::BTreeMap;

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
use crate::fault::Fault;
use crate::host::Letter;

/// Members without clients, where there are any: their guild's lists have three blocks.
const CROWD: usize = 230;
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
                wanted: BTreeMap::new(),
                wanted_at: 0,
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
        let strangers: Vec<User> = match self.plan.has(Fault::Crowds) {
            true => (0..CROWD).map(|i| User::new(stranger_id(i), name(1_000 + i), false)).collect(),
            false => Vec::new(),
        };
        writes.extend(strangers.iter().cloned().map(Write::User));
        for number in 0..self.plan.guilds {
            self.found_guild(users.first(), &mut writes);
            let id = GuildId::new(1_000 + 100 * u64::from(number));
            for (index, user) in users.iter().enumerate() {
                if index == 0 || self.chance.per_mille(800) {
                    writes.push(member(id, user));
                }
            }
            if number == 0 {
                writes.extend(strangers.iter().map(|user| member(id, user)));
            }
        }
        let made = self.store.commit(writes).now_or_never();
        debug_assert!(matches!(made, Some(Ok(()))), "{made:?}");
    }

    /// Founds a guild without members.
    fn found_guild(&mut self, owner: Option<&User>, writes: &mut Vec<Write>) {
        let id = GuildId::new(1_000 + 100 * self.founded);
        self.founded += 1;
        let owner = owner.map_or(UserId::new(1), |user| user.id);
        writes.push(Write::Guild(Guild::new(id, "guild", owner)));
        let everyone = Role::new(id.cast(), "@everyone", Permissions::DEFAULT);
        writes.push(Write::Role(id, everyone));
        for number in 1..4 {
            let mut role = Role::new(RoleId::new(id.value() + number), "role", Permissions::NONE);
            role.position = 1;
            role.hoist = number == 3;
            writes.push(Write::Role(id, role));
        }
        for channel in 10..13 {
            let channel = ChannelId::new(id.value() + channel);
            writes.push(Write::Channel(Channel::new(channel, id, "channel", ChannelKind::TEXT)));
        }
    }

    /// Founds a guild while everything runs; its owner is told, and others come.
    pub(super) fn found_another(&mut self) -> Result<(), String> {
        let index = self.chance.below(self.clients.len());
        let (owner, mut writes) = (self.user(index), Vec::new());
        let id = GuildId::new(1_000 + 100 * self.founded);
        self.found_guild(Some(&owner), &mut writes);
        writes.push(member(id, &owner));
        let made = self.store.commit(writes).now_or_never();
        debug_assert!(matches!(made, Some(Ok(()))), "{made:?}");
        self.load(id)?;
        for deck in 0..self.crews.len() {
            self.post(deck, id, Letter::Joined(owner.id, id));
        }
        for index in 0..self.clients.len() {
            if self.chance.per_mille(600) {
                let user = self.user(index);
                let command = Command::MemberPut(user, MemberPatch::default());
                self.command(id, Actor::Operator, command);
            }
        }
        Ok(())
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
    pub(super) fn kick(&mut self, chosen: Option<GuildId>) {
        let Some((any, user)) = self.somebody() else { return };
        let guild = chosen.unwrap_or(any);
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

fn member(guild: GuildId, user: &User) -> Write {
    let profile = Profile::new(JOINED, Vec::new());
    Write::Member(guild, Member { user: user.clone(), profile })
}

fn stranger_id(index: usize) -> UserId {
    UserId::new(500 + index as u64)
}

fn user_id(index: usize) -> UserId {
    UserId::new(100 + index as u64)
}

fn name(index: usize) -> String {
    format!("user{index}")
}
