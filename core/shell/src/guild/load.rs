//! Reads guilds, their members page after page, and shows how far it has come.

use std::time::Duration;

use futures_util::StreamExt as _;
use throng_engine::guild::{self, Guild};
use throng_engine::roster::{Builder, Roster};
use throng_ports::store::{StoreError, Stored};
use throng_proto::id::GuildId;

use crate::archive::Archive;
use crate::clock::Stopwatch;
use crate::config::LimitsConfig;

/// How often a load that takes long says how far it is.
const SHOWN_EVERY: Duration = Duration::from_secs(1);

/// Reads a guild with its members; `None` when there is none.
pub(super) async fn read(
    archive: &Archive,
    limits: &LimitsConfig,
    id: GuildId,
) -> Stored<Option<Guild>> {
    let Some(record) = archive.store.guild(id).await? else { return Ok(None) };
    let roster = roster(archive, id).await?;
    let config = guild::Config {
        ids: archive.ids.clone(),
        event_bytes_max: limits.event_bytes_max,
        ..guild::Config::default()
    };
    Ok(Some(Guild::load(record, roster, config)))
}

/// Packs members as they are read. Packing has a thread of its own, so that it goes on while the
/// next pages are read, and never holds up who else runs.
async fn roster(archive: &Archive, id: GuildId) -> Stored<Roster> {
    let mut pages = archive.store.members(id);
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
    began: Stopwatch,
    shown: Stopwatch,
}

impl Progress {
    fn begin(guild: GuildId) -> Self {
        let now = Stopwatch::start();
        Self { guild, began: now, shown: now }
    }

    fn show(&mut self, members: usize) {
        if self.shown.spent() < SHOWN_EVERY {
            return;
        }
        self.shown = Stopwatch::start();
        let per_second = members as f64 / self.began.spent().as_secs_f64().max(1e-3);
        let per_second = per_second as u64;
        tracing::info!(guild = %self.guild, members, per_second, "loading members");
    }
}
