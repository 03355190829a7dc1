//! Reads a whole guild from one body, with roles that are named by their names.

mod plan;

use std::collections::{HashMap, HashSet};

use throng_ports::hub::{GuildDraft, Hub};
use throng_proto::id::{AnyId, ChannelId, GuildId, RoleId, UserId};
use throng_proto::model::{
    Channel, ChannelKind, Colors, Guild, Member, Overwrite, OverwriteKind, Profile, Role, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

pub(super) use self::plan::{Blueprint, references};
use self::plan::{ChannelPlan, MemberPlan, OverwritePlan, RolePlan};
use super::directory::{Directory, EVERYONE};
use crate::fault::Fault;

impl Blueprint {
    /// Returns everybody who has to exist, each once, the owner first.
    pub(super) fn users(&self) -> Vec<UserId> {
        let mut seen = HashSet::new();
        let members = self.members.iter().flatten().map(|member| member.user_id);
        std::iter::once(self.owner_id).chain(members).filter(|user| seen.insert(*user)).collect()
    }

    /// Makes the guild; `users` has everybody of [`Blueprint::users`].
    ///
    /// # Errors
    ///
    /// Something is named that does not exist, or twice.
    pub(super) fn draft(
        self,
        hub: &dyn Hub,
        users: &HashMap<UserId, User>,
        now: Timestamp,
    ) -> Result<GuildDraft, Fault> {
        let id = GuildId::new(hub.next_id());
        let roles = roles(hub, id, self.roles.unwrap_or_default())?;
        let names = roles.iter().map(|role| (role.name.clone(), role.id));
        let directory = Directory::new(id, names);
        let plans = self.channels.unwrap_or_else(|| vec![general()]);
        let channels = plans
            .into_iter()
            .zip(0..)
            .map(|(plan, position)| channel(plan, &directory, ids(hub, id, position)))
            .collect::<Result<_, _>>()?;
        let plans = self.members.unwrap_or_default();
        let members = members(self.owner_id, plans, &directory, users, now)?;
        let mut guild = Guild::new(id, self.name, self.owner_id);
        guild.description = self.description;
        Ok(GuildDraft { guild, roles, channels, members })
    }
}

fn ids(hub: &dyn Hub, guild: GuildId, position: u32) -> (ChannelId, GuildId, u32) {
    (ChannelId::new(hub.next_id()), guild, position)
}

/// What a guild has when its body says nothing of channels.
fn general() -> ChannelPlan {
    ChannelPlan {
        name: "general".to_owned(),
        kind: ChannelKind::TEXT,
        topic: None,
        permission_overwrites: Vec::new(),
    }
}

/// Makes the roles; later ones rank higher, and one called @everyone sets what everybody may do.
fn roles(hub: &dyn Hub, guild: GuildId, plans: Vec<RolePlan>) -> Result<Vec<Role>, Fault> {
    let mut roles = vec![Role::new(guild.cast(), EVERYONE, Permissions::DEFAULT)];
    let mut names = HashSet::new();
    for plan in plans {
        if !names.insert(plan.name.clone()) {
            return Err(Fault::bad_request(format!("Role `{}` is listed twice.", plan.name)));
        }
        if plan.name == EVERYONE {
            roles[0].permissions = plan.permissions.unwrap_or(Permissions::DEFAULT);
            continue;
        }
        let id = RoleId::new(hub.next_id());
        let mut role = Role::new(id, plan.name, plan.permissions.unwrap_or_default());
        role.paint(Colors::plain(plan.color));
        role.hoist = plan.hoist;
        role.mentionable = plan.mentionable;
        role.position = u32::try_from(roles.len()).unwrap_or(u32::MAX);
        roles.push(role);
    }
    Ok(roles)
}

fn channel(
    plan: ChannelPlan,
    directory: &Directory,
    (id, guild, position): (ChannelId, GuildId, u32),
) -> Result<Channel, Fault> {
    if !plan.kind.in_guild() {
        let message = format!(
            "Channel `{}` has type {}, which a guild cannot have; 0 is text.",
            plan.name, plan.kind.0
        );
        return Err(Fault::bad_request(message));
    }
    let mut overwrites = Vec::with_capacity(plan.permission_overwrites.len());
    for overwrite in plan.permission_overwrites {
        let id = target(&overwrite, directory)
            .map_err(|problem| Fault::bad_request(format!("Channel `{}`: {problem}", plan.name)))?;
        let OverwritePlan { kind, allow, deny, .. } = overwrite;
        overwrites.push(Overwrite { id, kind, allow, deny });
    }
    let mut channel = Channel::new(id, guild, plan.kind.name(&plan.name), plan.kind);
    channel.topic = plan.topic;
    channel.position = position;
    channel.permission_overwrites = overwrites;
    Ok(channel)
}

fn target(overwrite: &OverwritePlan, directory: &Directory) -> Result<AnyId, String> {
    match overwrite.kind {
        OverwriteKind::Role => directory.find(&overwrite.id).map(AnyId::from),
        OverwriteKind::Member => overwrite
            .id
            .id()
            .map(AnyId::new)
            .ok_or_else(|| "An overwrite of type 1 needs the id of a user.".to_owned()),
    }
}

fn members(
    owner: UserId,
    plans: Vec<MemberPlan>,
    directory: &Directory,
    users: &HashMap<UserId, User>,
    now: Timestamp,
) -> Result<Vec<Member>, Fault> {
    let mut members = Vec::with_capacity(plans.len() + 1);
    let mut seen = HashSet::new();
    for plan in plans {
        let id = plan.user_id;
        if !seen.insert(id) {
            return Err(Fault::bad_request(format!("User `{id}` is listed twice.")));
        }
        let roles = directory
            .find_all(&plan.roles)
            .map_err(|problem| Fault::bad_request(format!("Member `{id}`: {problem}")))?;
        let user = users.get(&id).cloned().ok_or_else(|| unknown_user("user_id", id))?;
        let mut profile = Profile::new(now, roles);
        profile.nick = plan.nick.filter(|nick| !nick.is_empty());
        members.push(Member { user, profile });
    }
    if seen.insert(owner) {
        let user = users.get(&owner).cloned().ok_or_else(|| unknown_user("owner_id", owner))?;
        members.push(Member { user, profile: Profile::new(now, Vec::new()) });
    }
    Ok(members)
}

pub(super) fn unknown_user(key: &str, id: UserId) -> Fault {
    let message = format!("Unknown user `{id}` in `{key}`; make it with POST /admin/v1/users.");
    Fault::bad_request(message)
}
