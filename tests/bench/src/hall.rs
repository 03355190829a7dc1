//! Members in SQLite, and loading them at the start.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use throng_engine::policy::Native;
use throng_plugin_policy_rhai::{Config, RhaiPolicy};
use throng_plugin_store_sqlite::SqliteStore;
use throng_ports::store::Store as _;
use throng_proto::id::{ChannelId, GuildId};
use throng_proto::model::{Channel, ChannelKind, Guild, Overwrite, OverwriteKind, Role};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_shell::Node;

use super::Sizes;
use super::people::{ROLES, id, person, role};
use crate::crowd::{self, Hall};
use crate::report::{Report, Target};

/// The guild.
const GUILD: GuildId = GuildId::new(100_000_000_000_000_000);
/// A channel that everybody sees.
const OPEN: ChannelId = ChannelId::new(100_000_000_000_000_001);
/// A channel that only the owner sees.
const STUDY: ChannelId = ChannelId::new(100_000_000_000_000_002);
/// Members of one commit.
const BATCH: usize = 10_000;
/// Sessions that one user has.
const SESSIONS_PER_USER: usize = 10;

/// Fills a database, and starts a node on it.
pub(super) async fn run(
    sizes: Sizes,
    folder: &Path,
    report: &mut Report,
) -> anyhow::Result<(Node, Hall)> {
    let users = sizes.sessions.div_ceil(SESSIONS_PER_USER).max(1);
    let began = Instant::now();
    let store = SqliteStore::open(folder, throng_plugin_store_sqlite::Config::default())?;
    fill(&store, sizes.members, users).await?;
    let rate = sizes.members as f64 / began.elapsed().as_secs_f64();
    report.figure("members written to SQLite", rate, "/s");
    drop(store);
    let bytes = folder.join("throng.db").metadata().context("the database")?.len();
    report.figure("size of the database", bytes as f64 / 1e6, "MB");

    let began = Instant::now();
    let store = SqliteStore::open(folder, throng_plugin_store_sqlite::Config::default())?;
    let policy = RhaiPolicy::open(Config::default(), Native { relay_capacity: 15_000 })?;
    let node = crowd::start(Arc::new(policy), Arc::new(store)).await?;
    let took = began.elapsed().as_secs_f64();
    report.target("loading from SQLite at the start", took, "s", Target::AtMost(15.0));
    let author = person(0).user;
    let tokens = (0..users).map(|number| id(number).to_string()).collect();
    Ok((node, Hall { guild: GUILD, channel: OPEN, study: STUDY, author, tokens }))
}

async fn fill(store: &SqliteStore, members: usize, users: usize) -> anyhow::Result<()> {
    store.commit(founding()).await?;
    stream::iter((0..members).step_by(BATCH))
        .map(|first| {
            let numbers = first..(first + BATCH).min(members);
            store.commit(numbers.flat_map(|number| entry(number, users)).collect())
        })
        .buffered(2)
        .try_for_each(async |()| Ok(()))
        .await?;
    Ok(())
}

/// One member, with a token if it is one of the first.
fn entry(number: usize, users: usize) -> impl Iterator<Item = Write> {
    let token = Write::Token { digest: crowd::digest(id(number)), user: id(number) };
    let token = (number < users).then_some(token);
    [Write::Member(GUILD, person(number))].into_iter().chain(token)
}

fn founding() -> Vec<Write> {
    let mut study = Channel::new(STUDY, GUILD, "study", ChannelKind::TEXT);
    study.permission_overwrites.push(Overwrite {
        id: GUILD.cast(),
        kind: OverwriteKind::Role,
        allow: Permissions::NONE,
        deny: Permissions::VIEW_CHANNEL,
    });
    let everyone = Role::new(GUILD.cast(), "@everyone", Permissions::DEFAULT);
    let roles = (0..=ROLES).map(|n| Role::new(role(n), format!("role {n}"), Permissions::NONE));
    let roles = std::iter::once(everyone).chain(roles).map(|role| Write::Role(GUILD, role));
    let channels = [Channel::new(OPEN, GUILD, "general", ChannelKind::TEXT), study];
    std::iter::once(Write::Guild(Guild::new(GUILD, "big", id(0))))
        .chain(roles)
        .chain(channels.map(Write::Channel))
        .collect()
}
