//! Reads guilds, their members page after page, and shows how far it has come.

use std::time::Duration;

use futures_util::StreamExt as _;
use throng_engine::guild::{self, Guild};
use throng_engine::roster::{Builder, Roster};
use throng_ports::store::{StoreError, Stored};
use throng_proto::id::GuildId;
use throng_proto::model::Member;
use tokio::sync::mpsc;

use crate::archive::Archive;
use crate::clock::Stopwatch;
use crate::config::LimitsConfig;

/// How often a load that takes long says how far it is.
const SHOWN_EVERY: Duration = Duration::from_secs(1);
/// Pages that are read and not packed: names are sorted in between, which takes as long as several.
const PAGES_MAX: usize = 8;

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

/// Packs members as they are read. Packing has a thread of its own, which never holds up who else
/// runs, and reading goes on meanwhile: a store reads only while it is asked.
async fn roster(archive: &Archive, id: GuildId) -> Stored<Roster> {
    let mut pages = archive.store.members(id);
    let (packer, read) = mpsc::channel(PAGES_MAX);
    let packing = tokio::task::spawn_blocking(move || pack(read));
    let mut progress = Progress::begin(id);
    while let Some(page) = pages.next().await {
        let page = page?;
        progress.show(page.len());
        if packer.send(page).await.is_err() {
            break;
        }
    }
    drop(packer);
    packing.await.map_err(|error| StoreError::Failed(format!("members cannot be packed: {error}")))
}

/// Packs all pages that come.
fn pack(mut pages: mpsc::Receiver<Vec<Member>>) -> Roster {
    let mut builder = Builder::default();
    while let Some(page) = pages.blocking_recv() {
        page.into_iter().for_each(|member| builder.push(member));
    }
    builder.finish()
}

/// Says now and then how far a load is.
struct Progress {
    guild: GuildId,
    began: Stopwatch,
    shown: Stopwatch,
    members: usize,
}

impl Progress {
    fn begin(guild: GuildId) -> Self {
        let now = Stopwatch::start();
        Self { guild, began: now, shown: now, members: 0 }
    }

    /// Counts members that were read, and says how many these are by now.
    fn show(&mut self, read: usize) {
        self.members += read;
        if self.shown.spent() < SHOWN_EVERY {
            return;
        }
        self.shown = Stopwatch::start();
        let per_second = self.members as f64 / self.began.spent().as_secs_f64().max(1e-3);
        let per_second = per_second as u64;
        tracing::info!(guild = %self.guild, members = self.members, per_second, "loading members");
    }
}
