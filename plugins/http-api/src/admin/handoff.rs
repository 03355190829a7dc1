//! Hands a guild to another owner.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use serde_json::json;
use throng_proto::id::GuildId;

use crate::answer::{self, Answer};
use crate::api::Api;
use crate::request::At;

/// Hands a guild over while it runs, and says how long it took no requests.
///
/// Who asks and goes away before the answer gives the hand-off up.
#[utoipa::path(post, path = "/admin/v1/guilds/{guild_id}/handoff", tag = "guilds",
    responses((status = 200)))]
pub(super) async fn hand_off(State(api): State<Arc<Api>>, At((guild,)): At<(GuildId,)>) -> Answer {
    let done = api.hub.hand_off(guild).await?;
    Ok(answer::ok(&json!({
        "pause_ms": millis(done.pause),
        "took_ms": millis(done.took),
        "members": done.members,
        "changes": done.changes,
        "queued": done.queued,
    })))
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
