//! Keeps guilds running: it starts their tasks, and begins anew after a panic with what the store
//! has, so that their sessions go on.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use throng_engine::guild::Guild;
use throng_ports::store::{StoreError, Stored};
use throng_proto::id::{GuildId, UserId};

use super::load::read;
use super::task::GuildTask;
use super::ties::Ties;
use crate::clock::Stopwatch;
use crate::letter::WorkerLetter;

/// How long a guild rests after a panic, so that one that panics at once again harms nobody else.
const REST: Duration = Duration::from_secs(1);
/// Events that may have been stored and not told: some commits' worth.
const UNTOLD_MAX: u64 = 1_024;
/// How long a panic counts as a trouble.
const TROUBLED_FOR: Duration = Duration::from_mins(5);

/// Loads every guild of the store, and starts its task.
///
/// # Errors
///
/// The store cannot be read. A guild that cannot be read is a trouble of its own.
pub(crate) async fn load_all(ties: &Ties) -> Stored<()> {
    let watch = Stopwatch::start();
    let guilds = ties.archive.store.guilds().await?;
    let mut members = 0;
    for id in &guilds {
        match load(ties, *id).await {
            Ok(count) => members += count,
            // Others are not concerned.
            Err(error @ StoreError::Unreadable(_)) => {
                tracing::error!(guild = %id, %error, "a guild cannot be loaded; others go on");
                let text = format!("guild {id} cannot be loaded: {error}");
                ties.meter.troubles.set(format!("unreadable:{id}"), text);
            }
            Err(error) => return Err(error),
        }
    }
    tracing::info!(guilds = guilds.len(), members, millis = watch.millis(), "guilds are loaded");
    Ok(())
}

/// Loads a guild and starts its task. Returns how many members it has.
///
/// # Errors
///
/// It cannot be read.
pub(crate) async fn load(ties: &Ties, id: GuildId) -> Stored<usize> {
    let guild = read(&ties.archive, &ties.settings.limits, id).await?;
    let members = guild.as_ref().map_or(0, Guild::member_count);
    if let Some(guild) = guild {
        keep(ties, id, GuildTask::open(ties.clone(), guild).run());
    }
    Ok(members)
}

/// Loads a guild whose task has ended, and starts the next one. Before that one does anything, its
/// sessions are told to come back.
async fn load_again(ties: &Ties, id: GuildId) -> Stored<()> {
    if let Some(guild) = read(&ties.archive, &ties.settings.limits, id).await? {
        let newcomers = newcomers(ties, &guild).await;
        let (task, post) = (GuildTask::open(ties.clone(), guild), ties.post.clone());
        keep(ties, id, async move {
            post.send_all(|| WorkerLetter::Rejoin(id)).await;
            for user in newcomers {
                post.send_all(|| WorkerLetter::Joined { user, guild: id }).await;
            }
            task.run().await;
        });
    } else {
        // It was deleted, and its task has ended before its sessions were told.
        ties.post.directory.remove_guild(id);
        ties.post.send_all(|| WorkerLetter::Rejoin(id)).await;
    }
    Ok(())
}

/// Finds members who have come just now: the task that has ended may have told nobody.
async fn newcomers(ties: &Ties, guild: &Guild) -> Vec<UserId> {
    let since = guild.sequence().saturating_sub(UNTOLD_MAX);
    let events = ties.archive.store.events(guild.shape().id(), since).await;
    events.map_or_else(|_| Vec::new(), |events| guild.newcomers(&events))
}

/// Lets a guild run.
pub(super) fn keep(ties: &Ties, guild: GuildId, run: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(watch(ties.clone(), guild, run));
}

async fn watch(ties: Ties, guild: GuildId, run: impl Future<Output = ()>) {
    if AssertUnwindSafe(run).catch_unwind().await.is_ok() {
        return;
    }
    let (trouble, troubles) = (format!("guild:{guild}"), &ties.meter.troubles);
    troubles.set_grave(&*trouble, format!("guild {guild} was ended by a panic"));
    tokio::time::sleep(REST).await;
    if let Err(error) = load_again(&ties, guild).await {
        tracing::error!(%guild, %error, "cannot be read again after a panic");
        let text = format!("guild {guild} was ended by a panic and cannot be read: {error}");
        return troubles.set_grave(trouble, text);
    }
    tracing::warn!(%guild, "was read again after a panic");
    let text = format!("guild {guild} was ended by a panic and was read again");
    troubles.set_for(trouble, text, TROUBLED_FOR);
}
