//! READY: who one is, and which guilds will come.

use serde_json::json;
use throng_engine::deck::SessionId;
use throng_proto::gateway::{Shard, Version};
use throng_proto::id::GuildId;
use throng_proto::model::{CurrentUser, User};

/// What READY tells.
#[derive(Debug)]
pub(super) struct Ready<'a> {
    /// Name of the session, which only its owner learns.
    pub(super) id: SessionId,
    /// Whose it is.
    pub(super) user: &'a User,
    /// Without one it is the only one.
    pub(super) shard: Option<Shard>,
    /// What GUILD_CREATE comes for.
    pub(super) guilds: &'a [GuildId],
    /// Version that the client asked for.
    pub(super) version: Version,
    /// Where to resume.
    pub(super) resume_url: &'a str,
}

impl Ready<'_> {
    /// Returns the payload's data.
    pub(super) fn data(&self) -> String {
        let guilds = self.guilds.iter().map(|guild| json!({"id": guild, "unavailable": true}));
        let guilds: Vec<_> = guilds.collect();
        let shard = self.shard.unwrap_or(Shard { id: 0, count: 1 });
        json!({
            "v": self.version.number(),
            "user": CurrentUser::new(self.user),
            "guilds": guilds,
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "user_settings": {},
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": [],
            "session_type": "normal",
            "session_id": self.id.to_string(),
            "resume_gateway_url": self.resume_url,
            "shard": [shard.id, shard.count],
            "application": {"id": self.user.id, "flags": 0},
            "_trace": ["throng"],
        })
        .to_string()
    }
}
