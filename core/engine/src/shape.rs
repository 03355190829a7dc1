//! A guild's roles and channels as a snapshot that guild, relays and readers share.

use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::id::{ChannelId, GuildId, RoleId, UserId};
use throng_proto::model::{Channel, Guild, OverwriteKind, Role};
use throng_proto::permissions::Permissions;

use crate::planted::{self, Planted};

/// Everything that permissions depend on, but members. Changing it makes a new one that shares what
/// stayed.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Settings.
    pub guild: Guild,
    /// Roles, @everyone among them, in order of their ids.
    pub roles: IndexMap<RoleId, Arc<Role>>,
    /// Channels, in order of their ids.
    pub channels: IndexMap<ChannelId, Arc<Channel>>,
}

impl Shape {
    /// Returns the guild's id.
    #[must_use]
    pub const fn id(&self) -> GuildId {
        self.guild.id
    }

    /// Returns the id of the @everyone role.
    #[must_use]
    pub const fn everyone(&self) -> RoleId {
        self.guild.id.cast()
    }

    /// Computes what a member may do in the guild. Costs one look-up per role.
    #[must_use]
    pub fn base(&self, user: UserId, roles: &[RoleId]) -> Permissions {
        if user == self.guild.owner_id {
            return Permissions::ALL;
        }
        let granted = std::iter::once(&self.everyone())
            .chain(roles)
            .filter_map(|role| self.roles.get(role))
            .fold(Permissions::NONE, |sum, role| sum | role.permissions);
        if granted.contains(Permissions::ADMINISTRATOR) { Permissions::ALL } else { granted }
    }

    /// Computes what a member may do in a channel, given its [`Shape::base`].
    ///
    /// Overwrites apply in three steps: @everyone, all roles at once, the member. See
    /// [Discord Docs/Permission Overwrites].
    ///
    /// [Discord Docs/Permission Overwrites]: https://discord.com/developers/docs/topics/permissions#permission-overwrites
    #[must_use]
    pub fn in_channel(
        &self,
        base: Permissions,
        user: UserId,
        roles: &[RoleId],
        channel: &Channel,
    ) -> Permissions {
        if base.contains(Permissions::ADMINISTRATOR) {
            return Permissions::ALL;
        }
        let mut everyone = (Permissions::NONE, Permissions::NONE);
        let mut of_roles = (Permissions::NONE, Permissions::NONE);
        let mut of_member = (Permissions::NONE, Permissions::NONE);
        for overwrite in &channel.permission_overwrites {
            let step = match overwrite.kind {
                OverwriteKind::Role if overwrite.id == self.everyone().cast() => &mut everyone,
                OverwriteKind::Role if roles.contains(&overwrite.id.cast()) => &mut of_roles,
                OverwriteKind::Member if planted::has(Planted::MemberOverwriteIgnored) => continue,
                OverwriteKind::Member if overwrite.id == user.cast() => &mut of_member,
                _ => continue,
            };
            step.0 = step.0 | overwrite.allow;
            step.1 = step.1 | overwrite.deny;
        }
        [everyone, of_roles, of_member]
            .into_iter()
            .fold(base, |sum, (allow, deny)| sum.overwritten(allow, deny))
            .implied()
    }
}
