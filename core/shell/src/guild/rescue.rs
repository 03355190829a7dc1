//! A guild whose task panicked: it is read again from the store, and its sessions go on.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use throng_proto::id::GuildId;

use crate::node::{Shared, load_guild};
use crate::worker::WorkerMessage;

/// How long a guild rests after a panic, so that one that panics at once again harms nobody else.
const REST: Duration = Duration::from_secs(1);
/// How long a panic counts as a trouble.
const TROUBLED_FOR: Duration = Duration::from_mins(5);

/// Runs a guild's task; after a panic the guild begins anew from what was committed.
pub(super) async fn watch(shared: Arc<Shared>, guild: GuildId, run: impl Future<Output = ()>) {
    if AssertUnwindSafe(run).catch_unwind().await.is_ok() {
        return;
    }
    let trouble = format!("guild:{guild}");
    shared.troubles.set_grave(&*trouble, format!("guild {guild} was ended by a panic"));
    tokio::time::sleep(REST).await;
    // Boxed, because it starts a task that may come here again.
    let read: futures_util::future::BoxFuture<'_, _> = Box::pin(load_guild(&shared, guild));
    if let Err(error) = read.await {
        tracing::error!(%guild, %error, "cannot be read again after a panic");
        let text = format!("guild {guild} was ended by a panic and cannot be read: {error}");
        return shared.troubles.set_grave(trouble, text);
    }
    tracing::warn!(%guild, "was read again after a panic");
    let text = format!("guild {guild} was ended by a panic and was read again");
    shared.troubles.set_for(trouble, text, TROUBLED_FOR);
    for worker in 0..shared.worker_count() {
        shared.send(worker, WorkerMessage::Rejoin(guild)).await;
    }
}
