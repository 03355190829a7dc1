//! Roles.

use serde::{Deserialize, Serialize};

use super::constant::{False, Null, Number};
use crate::id::RoleId;
use crate::permissions::Permissions;

/// A role; the @everyone role has the id of its guild. See [Discord Docs/Role Object].
///
/// [Discord Docs/Role Object]: https://discord.com/developers/docs/topics/permissions#role-object
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Snowflake.
    pub id: RoleId,
    /// Name, 1 to 100 characters.
    pub name: String,
    /// RGB, deprecated but still read; equal to `colors.primary_color`.
    pub color: u32,
    /// RGB and gradients.
    pub colors: Colors,
    /// Shown apart in the member list.
    pub hoist: bool,
    /// Always null.
    #[serde(default)]
    pub icon: Null,
    /// Always null.
    #[serde(default)]
    pub unicode_emoji: Null,
    /// Rank; @everyone is 0.
    pub position: u32,
    /// What the role allows.
    pub permissions: Permissions,
    /// Always false.
    #[serde(default)]
    pub managed: False,
    /// Tells whether everybody may mention it.
    pub mentionable: bool,
    /// Always 0.
    #[serde(default)]
    pub flags: Number<0>,
}

impl Role {
    /// Makes a role without colour.
    #[must_use]
    pub fn new(id: RoleId, name: impl Into<String>, permissions: Permissions) -> Self {
        Self {
            id,
            name: name.into(),
            color: 0,
            colors: Colors::default(),
            hoist: false,
            icon: Null,
            unicode_emoji: Null,
            position: 0,
            permissions,
            managed: False,
            mentionable: false,
            flags: Number,
        }
    }

    /// Gives it colours, in both of the keys that tell of them.
    pub fn paint(&mut self, colors: Colors) {
        self.color = colors.primary_color;
        self.colors = colors;
    }
}

/// Colours of a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colors {
    /// RGB.
    #[serde(default)]
    pub primary_color: u32,
    /// RGB at the other end of a gradient.
    #[serde(default)]
    pub secondary_color: Option<u32>,
    /// RGB of a third colour, which makes it holographic.
    #[serde(default)]
    pub tertiary_color: Option<u32>,
}

impl Colors {
    /// Makes a plain colour.
    #[must_use]
    pub const fn plain(color: u32) -> Self {
        Self { primary_color: color, secondary_color: None, tertiary_color: None }
    }
}
