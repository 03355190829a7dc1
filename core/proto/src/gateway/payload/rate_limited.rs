//! RATE_LIMITED: something was asked for too often.

use std::time::Duration;

use serde::Serialize;

use crate::gateway::{RequestMembers, opcode};
use crate::id::GuildId;
use crate::model::constant::Number;

/// RATE_LIMITED: a request for members is not answered now. See [Discord Docs/Rate Limited].
///
/// [Discord Docs/Rate Limited]: https://discord.com/developers/docs/events/gateway-events#rate-limited
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RateLimited<'a> {
    meta: Meta<'a>,
    opcode: Number<{ opcode::REQUEST_GUILD_MEMBERS as u32 }>,
    /// Seconds.
    retry_after: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Meta<'a> {
    guild_id: GuildId,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl<'a> RateLimited<'a> {
    /// Puts a request off.
    #[must_use]
    pub fn new(request: &'a RequestMembers, retry_after: Duration) -> Self {
        let meta = Meta { guild_id: request.guild_id, nonce: request.nonce.as_deref() };
        Self { meta, opcode: Number, retry_after: retry_after.as_secs_f64() }
    }
}
