//! READY and RESUMED: a session has begun, or goes on.

use serde::{Serialize, Serializer};

use crate::gateway::{Shard, Version};
use crate::id::{GuildId, UserId};
use crate::model::constant::{Empty, NoKeys, Number, SessionType, Trace, True};
use crate::model::{CurrentUser, User};

/// READY: who one is, and which guilds will come. See [Discord Docs/Ready].
///
/// What users' own clients look for beside that is there and empty.
///
/// [Discord Docs/Ready]: https://discord.com/developers/docs/events/gateway-events#ready
#[derive(Clone, Debug)]
pub struct Ready<'a> {
    /// Name of the session, which only its owner learns.
    pub session_id: String,
    /// Whose it is.
    pub user: &'a User,
    /// Without one it is the only one.
    pub shard: Option<Shard>,
    /// What GUILD_CREATE comes for.
    pub guilds: &'a [GuildId],
    /// Version that the client asked for.
    pub version: Version,
    /// Where to resume.
    pub resume_gateway_url: &'a str,
}

/// RESUMED: everything that was missed has been sent. See [Discord Docs/Resumed].
///
/// [Discord Docs/Resumed]: https://discord.com/developers/docs/events/gateway-events#resumed
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Resumed {
    #[serde(rename = "_trace")]
    trace: Trace,
}

/// A guild that is not told yet. See [Discord Docs/Unavailable Guild Object].
///
/// [Discord Docs/Unavailable Guild Object]: https://discord.com/developers/docs/resources/guild#unavailable-guild-object
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UnavailableGuild {
    id: GuildId,
    unavailable: True,
}

impl UnavailableGuild {
    /// Names a guild.
    #[must_use]
    pub const fn new(id: GuildId) -> Self {
        Self { id, unavailable: True }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "_trace")]
    trace: Trace,
    application: Application,
    geo_ordered_rtc_regions: Empty,
    guild_join_requests: Empty,
    guilds: Vec<UnavailableGuild>,
    presences: Empty,
    private_channels: Empty,
    relationships: Empty,
    resume_gateway_url: &'a str,
    session_id: &'a str,
    session_type: SessionType,
    shard: [u32; 2],
    user: CurrentUser<'a>,
    user_settings: NoKeys,
    v: u8,
}

/// Every account is its own application.
#[derive(Serialize)]
struct Application {
    flags: Number<0>,
    id: UserId,
}

impl Serialize for Ready<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shard = self.shard.unwrap_or(Shard { id: 0, count: 1 });
        let body = Body {
            trace: Trace,
            application: Application { flags: Number, id: self.user.id },
            geo_ordered_rtc_regions: Empty,
            guild_join_requests: Empty,
            guilds: self.guilds.iter().copied().map(UnavailableGuild::new).collect(),
            presences: Empty,
            private_channels: Empty,
            relationships: Empty,
            resume_gateway_url: self.resume_gateway_url,
            session_id: &self.session_id,
            session_type: SessionType,
            shard: [shard.id, shard.count],
            user: CurrentUser::new(self.user),
            user_settings: NoKeys,
            v: self.version.number(),
        };
        body.serialize(serializer)
    }
}
