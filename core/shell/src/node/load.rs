//! Loads guilds, their members page after page, and shows how far it has come.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use throng_engine::guild::{self, Guild};
use throng_engine::roster::{Builder, Roster};
use throng_ports::store::{StoreError, Stored};
use throng_proto::id::GuildId;

use super::{Shared, StartError};
use crate::clock::Watch;
use crate::guild::GuildTask;

/// How often a load that takes long says how far it is.
const SHOWN_EVERY: Duration = Duration::from_secs(1);

/// Loads every guild of the store.
pub(super) async fn guilds(shared: &Arc<Shared>) -> Result<(), StartError> {
    let watch = Watch::start();
    let guilds = shared.store.guilds().await?;
    let mut members = 0;
    for id in &guilds {
        match guild(shared, *id).await {
            Ok(count) => members += count,
            // Others are not concerned.
            Err(StartError::Store(error @ StoreError::Unreadable(_))) => {
                tracing::error!(guild = %id, %error, "a guild cannot be loaded; others go on");
                let text = format!("guild {id} cannot be loaded: {error}");
                shared.troubles.set(format!("unreadable:{id}"), text);
            }
            Err(error) => return Err(error),
        }
    }
    let millis = watch.millis();
    tracing::info!(guilds = guilds.len(), members, millis, "guilds are loaded");
    Ok(())
}

/// Loads a guild and starts its task. Returns how many members it has.
pub(crate) async fn guild(shared: &Arc<Shared>, id: GuildId) -> Result<usize, StartError> {
    let Some(record) = shared.store.guild(id).await? else { return Ok(0) };
    let roster = roster(shared, id).await?;
    let members = roster.len();
    let config = guild::Config {
        ids: shared.ids.clone(),
        event_bytes_max: shared.config.limits.event_bytes_max,
        ..guild::Config::default()
    };
    GuildTask::start(shared, Guild::load(record, roster, config));
    Ok(members)
}

/// Packs members as they are read. Packing has a thread of its own, so that it goes on while the
/// next pages are read, and never holds up who else runs.
async fn roster(shared: &Shared, id: GuildId) -> Stored<Roster> {
    let mut pages = shared.store.members(id);
    let mut builder = Builder::default();
    let mut progress = Progress::begin(id);
    while let Some(page) = pages.next().await {
        let page = page?;
        builder = aside(move || {
            page.into_iter().for_each(|member| builder.push(member));
            builder
        })
        .await?;
        progress.show(builder.len());
    }
    aside(move || builder.finish()).await
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Stored<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Failed(format!("members cannot be packed: {error}")))
}

/// Says now and then how far a load is.
struct Progress {
    guild: GuildId,
    began: Watch,
    shown: Watch,
}

impl Progress {
    fn begin(guild: GuildId) -> Self {
        let now = Watch::start();
        Self { guild, began: now, shown: now }
    }

    fn show(&mut self, members: usize) {
        if self.shown.spent() < SHOWN_EVERY {
            return;
        }
        self.shown = Watch::start();
        let per_second = members as f64 / self.began.spent().as_secs_f64().max(1e-3);
        let per_second = per_second as u64;
        tracing::info!(guild = %self.guild, members, per_second, "loading members");
    }
}
