//! GUILD_CREATE: a part that everybody shares, one that most share, and a few bytes of one's own.

use serde::Serialize;

use crate::event::EventKind;
use crate::json;
use crate::model::constant::{Empty, False};
use crate::model::{Channel, GuildBody, Member, Presence};
use crate::time::Timestamp;

/// What GUILD_CREATE says to everybody: the guild without its members. See
/// [Discord Docs/Guild Create].
///
/// [Discord Docs/Guild Create]: https://discord.com/developers/docs/events/gateway-events#guild-create
#[derive(Clone, Debug, Serialize)]
pub struct GuildCreate<'a> {
    #[serde(flatten)]
    guild: GuildBody<'a>,
    channels: &'a [Channel],
    threads: Empty,
    voice_states: Empty,
    stage_instances: Empty,
    guild_scheduled_events: Empty,
    soundboard_sounds: Empty,
    member_count: usize,
}

impl<'a> GuildCreate<'a> {
    /// Tells of a guild with its channels.
    #[must_use]
    pub const fn new(guild: GuildBody<'a>, channels: &'a [Channel], member_count: usize) -> Self {
        Self {
            guild,
            channels,
            threads: Empty,
            voice_states: Empty,
            stage_instances: Empty,
            guild_scheduled_events: Empty,
            soundboard_sounds: Empty,
            member_count,
        }
    }

    /// Begins the dispatch: an [`Arrival`] follows.
    #[must_use]
    pub fn open(&self) -> String {
        format!("{}{},", super::open(EventKind::GuildCreate), json::keys(self))
    }
}

/// What GUILD_CREATE says to one session.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Arrival<'a> {
    /// When its user joined.
    joined_at: Timestamp,
    /// Tells whether there are more members than the client asked to be told of.
    large: bool,
    /// Clients tell a guild that became available from one that was joined by this being there.
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<False>,
    /// Only itself, for sessions that get no [`Crowd`].
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<[&'a Member; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presences: Option<Empty>,
}

impl<'a> Arrival<'a> {
    /// Tells a member of itself; `initial` marks the stream after READY.
    #[must_use]
    pub fn new(member: &'a Member, large: bool, initial: bool) -> Self {
        let joined_at = member.profile.joined_at;
        let unavailable = initial.then_some(False);
        Self { joined_at, large, unavailable, members: None, presences: None }
    }

    /// Goes on with the dispatch: a [`Crowd`] follows.
    #[must_use]
    pub fn part(&self) -> String {
        json::keys(self) + ","
    }

    /// Ends the dispatch, with the member alone.
    #[must_use]
    pub fn close(&self, member: &'a Member) -> String {
        let alone = Self { members: Some([member]), presences: Some(Empty), ..*self };
        json::keys(&alone) + super::CLOSE
    }
}

/// Members and presences of GUILD_CREATE, which sessions with GUILD_PRESENCES share.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Crowd<'a> {
    /// Who is there.
    pub members: &'a [Member],
    /// What they show.
    pub presences: &'a [Presence<'a>],
}

impl Crowd<'_> {
    /// Goes on with the dispatch, up to where a session's own presence comes.
    #[must_use]
    pub fn part(&self) -> String {
        let mut keys = json::keys(self);
        keys.truncate(keys.len() - "]".len());
        keys
    }

    /// Ends the dispatch with a session's own presence, if it has one: it comes last, so that
    /// clients keep it.
    #[must_use]
    pub fn close(has_presences: bool, own: Option<&str>) -> String {
        let comma = if has_presences && own.is_some() { "," } else { "" };
        format!("{comma}{}]{}", own.unwrap_or_default(), super::CLOSE)
    }
}
