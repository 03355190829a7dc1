//! Users in a guild.

use serde::{Deserialize, Serialize};

use super::User;
use super::constant::{False, Null, Number};
use crate::id::RoleId;
use crate::time::Timestamp;

/// A user in a guild. See [Discord Docs/Guild Member Object].
///
/// [Discord Docs/Guild Member Object]: https://discord.com/developers/docs/resources/guild#guild-member-object
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Account.
    pub user: User,
    /// What the account is in this guild.
    #[serde(flatten)]
    pub profile: Profile,
}

/// A member without its account, as it stands inside messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Name in this guild, 1 to 32 characters.
    #[serde(default)]
    pub nick: Option<String>,
    /// Always null.
    #[serde(default)]
    pub avatar: Null,
    /// Always null.
    #[serde(default)]
    pub banner: Null,
    /// Roles without @everyone, sorted by id.
    pub roles: Vec<RoleId>,
    /// When the user joined.
    pub joined_at: Timestamp,
    /// Always null.
    #[serde(default)]
    pub premium_since: Null,
    /// Deafened in voice channels.
    #[serde(default)]
    pub deaf: bool,
    /// Muted in voice channels.
    #[serde(default)]
    pub mute: bool,
    /// Always 0.
    #[serde(default)]
    pub flags: Number<0>,
    /// Always false.
    #[serde(default)]
    pub pending: False,
    /// End of the time-out, if one was ever set.
    #[serde(default)]
    pub communication_disabled_until: Option<Timestamp>,
    /// Always null.
    #[serde(default)]
    pub avatar_decoration_data: Null,
    /// Always null.
    #[serde(default)]
    pub collectibles: Null,
}

impl Profile {
    /// Makes the profile of somebody who joined at `joined_at`; sorts the roles.
    #[must_use]
    pub fn new(joined_at: Timestamp, mut roles: Vec<RoleId>) -> Self {
        roles.sort_unstable();
        roles.dedup();
        Self {
            nick: None,
            avatar: Null,
            banner: Null,
            roles,
            joined_at,
            premium_since: Null,
            deaf: false,
            mute: false,
            flags: Number,
            pending: False,
            communication_disabled_until: None,
            avatar_decoration_data: Null,
            collectibles: Null,
        }
    }

    /// Tells whether the member is timed out at `now`.
    #[must_use]
    pub fn timed_out(&self, now: Timestamp) -> bool {
        self.communication_disabled_until.is_some_and(|until| until > now)
    }
}
