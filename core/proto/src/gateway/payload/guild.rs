//! Events of a guild, its roles and its members.

use serde::Serialize;

use crate::id::{GuildId, RoleId};
use crate::model::{Member, Role, User};

/// GUILD_DELETE: the guild is gone, or one is no longer in it. See [Discord Docs/Guild Delete].
///
/// [Discord Docs/Guild Delete]: https://discord.com/developers/docs/events/gateway-events#guild-delete
#[derive(Clone, Copy, Debug, Serialize)]
pub struct GuildDeleted {
    /// Guild.
    pub id: GuildId,
}

/// GUILD_ROLE_CREATE and GUILD_ROLE_UPDATE. See [Discord Docs/Guild Role Create].
///
/// [Discord Docs/Guild Role Create]: https://discord.com/developers/docs/events/gateway-events#guild-role-create
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RoleChanged<'a> {
    /// Guild.
    pub guild_id: GuildId,
    /// The role as it is now.
    pub role: &'a Role,
}

/// GUILD_ROLE_DELETE. See [Discord Docs/Guild Role Delete].
///
/// [Discord Docs/Guild Role Delete]: https://discord.com/developers/docs/events/gateway-events#guild-role-delete
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RoleDeleted {
    /// Guild.
    pub guild_id: GuildId,
    /// Role.
    pub role_id: RoleId,
}

/// GUILD_MEMBER_ADD and GUILD_MEMBER_UPDATE. See [Discord Docs/Guild Member Add].
///
/// [Discord Docs/Guild Member Add]: https://discord.com/developers/docs/events/gateway-events#guild-member-add
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MemberChanged<'a> {
    /// Guild.
    pub guild_id: GuildId,
    /// The whole member.
    #[serde(flatten)]
    pub member: &'a Member,
}

/// GUILD_MEMBER_REMOVE. See [Discord Docs/Guild Member Remove].
///
/// [Discord Docs/Guild Member Remove]: https://discord.com/developers/docs/events/gateway-events#guild-member-remove
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MemberRemoved<'a> {
    /// Guild.
    pub guild_id: GuildId,
    /// Who has left.
    pub user: &'a User,
}
