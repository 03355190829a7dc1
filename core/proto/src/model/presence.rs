//! Who is online.

use serde::{Deserialize, Serialize};

use super::Activity;
use crate::id::{GuildId, UserId};

/// A member's presence in a guild. See [Discord Docs/Presence Update].
///
/// [Discord Docs/Presence Update]: https://discord.com/developers/docs/events/gateway-events#presence-update
#[derive(Clone, Debug, Serialize)]
pub struct Presence<'a> {
    /// Whose; only the id is sent.
    pub user: PresenceUser,
    /// Guild.
    pub guild_id: GuildId,
    /// Status.
    pub status: Status,
    /// Activities.
    pub activities: &'a [Activity],
    /// Status by kind of client.
    pub client_status: ClientStatus,
}

/// The user of a presence, reduced to its id.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PresenceUser {
    /// Snowflake.
    pub id: UserId,
}

/// What a user shows of being there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Online.
    #[default]
    Online,
    /// Away.
    Idle,
    /// Do not disturb.
    Dnd,
    /// Online, but shown to others as offline.
    Invisible,
    /// Offline.
    Offline,
}

impl Status {
    /// Returns what others see.
    #[must_use]
    pub const fn shown(self) -> Self {
        if matches!(self, Self::Invisible) { Self::Offline } else { self }
    }

    /// Tells whether others see the user as there.
    #[must_use]
    pub const fn is_online(self) -> bool {
        !matches!(self, Self::Invisible | Self::Offline)
    }
}

/// Status by kind of client; every client counts as `web` here.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ClientStatus {
    /// Absent when offline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<Status>,
}

impl ClientStatus {
    /// Returns the status of the one kind of client that a user has.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        Self { web: if status.is_online() { Some(status) } else { None } }
    }
}
