//! Who may see what, the long way round.

use std::collections::BTreeSet;
use std::rc::Rc;

use throng_engine::event::Event;
use throng_engine::guild::Guild;
use throng_proto::event::Scope;
use throng_proto::id::{ChannelId, UserId};
use throng_proto::model::{Member, Overwrite, OverwriteKind};
use throng_proto::permissions::Permissions;

/// Who may see what, as long as neither roles nor channels nor members change.
#[derive(Debug, Default)]
pub(super) struct Sights(Vec<(Scope, Rc<BTreeSet<UserId>>)>);

impl Sights {
    /// Returns who may see an event.
    pub(super) fn of(&mut self, guild: &Guild, event: &Event) -> Rc<BTreeSet<UserId>> {
        if let Some((_, known)) = self.0.iter().find(|(scope, _)| *scope == event.scope) {
            return Rc::clone(known);
        }
        let users = Rc::new(audience(guild, event));
        self.0.push((event.scope, Rc::clone(&users)));
        users
    }
}

/// Lists the members who may see an event.
pub(super) fn audience(guild: &Guild, event: &Event) -> BTreeSet<UserId> {
    let members = guild.roster().iter().map(|entry| entry.member());
    let seeing = members.filter(|member| sees(guild, member, event));
    seeing.map(|member| member.user.id).collect()
}

/// Tells whether a user may see an event, member or not.
pub(super) fn may_see(guild: &Guild, user: UserId, event: &Event) -> bool {
    match guild.member(user) {
        Some(member) => sees(guild, &member, event),
        None => matches!(event.scope, Scope::Guild) || event.scope == Scope::User(user),
    }
}

fn sees(guild: &Guild, member: &Member, event: &Event) -> bool {
    match event.scope {
        Scope::Guild => true,
        Scope::User(only) => only == member.user.id,
        Scope::Channel(channel) => allows(guild, member, channel, Permissions::VIEW_CHANNEL),
        Scope::Managers(channel) => allows(guild, member, channel, Permissions::MANAGE_CHANNELS),
    }
}

/// Computes a permission the long way round: @everyone, roles, then the member.
pub(crate) fn allows(
    guild: &Guild,
    member: &Member,
    channel: ChannelId,
    wanted: Permissions,
) -> bool {
    let (shape, user) = (guild.shape(), member.user.id);
    if shape.guild.owner_id == user {
        return true;
    }
    let Some(channel) = shape.channels.get(&channel) else { return false };
    let roles = &member.profile.roles;
    let everyone = shape.guild.id.cast();
    let mut may = shape.roles[&everyone].permissions.contains(wanted);
    for (id, role) in shape.roles.iter().filter(|(id, _)| roles.contains(id)) {
        may |= role.permissions.contains(wanted) && *id != everyone;
        if role.permissions.contains(Permissions::ADMINISTRATOR) {
            return true;
        }
    }
    let own = |which: &dyn Fn(&Overwrite) -> bool| {
        let overwrites = channel.permission_overwrites.iter().filter(|one| which(one));
        overwrites.fold((false, false), |(allow, deny), one| {
            (allow | one.allow.contains(wanted), deny | one.deny.contains(wanted))
        })
    };
    let is_everyone = |one: &Overwrite| one.id == everyone.cast();
    let steps = [
        own(&|one| one.kind == OverwriteKind::Role && is_everyone(one)),
        own(&|one| {
            let held = roles.iter().any(|role| one.id == role.cast());
            one.kind == OverwriteKind::Role && !is_everyone(one) && held
        }),
        own(&|one| one.kind == OverwriteKind::Member && one.id == user.cast()),
    ];
    for (allow, deny) in steps {
        may = (may && !deny) || allow;
    }
    may
}
