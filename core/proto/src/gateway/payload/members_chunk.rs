//! GUILD_MEMBERS_CHUNK: members that were asked for.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::event::EventKind;
use crate::id::{GuildId, UserId};
use crate::json;

/// What GUILD_MEMBERS_CHUNK says beside its members, which are written before, one by one. See
/// [Discord Docs/Guild Members Chunk].
///
/// [Discord Docs/Guild Members Chunk]: https://discord.com/developers/docs/events/gateway-events#guild-members-chunk
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MembersChunk<'a> {
    /// Guild.
    pub guild_id: GuildId,
    /// Below `chunk_count`.
    pub chunk_index: usize,
    /// Chunks of the whole answer.
    pub chunk_count: usize,
    /// Who was asked for by id and is not there.
    pub not_found: &'a [UserId],
    /// Presences of these members, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presences: Option<&'a RawValue>,
    /// What came with the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
}

impl MembersChunk<'_> {
    /// Begins the dispatch: members follow, with commas between them.
    #[must_use]
    pub fn open() -> String {
        super::open(EventKind::GuildMembersChunk) + "\"members\":["
    }

    /// Ends it after the last member.
    #[must_use]
    pub fn close(&self) -> String {
        format!("],{}{}", json::keys(self), super::CLOSE)
    }
}
