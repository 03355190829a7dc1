//! Loading all members at the start, beside reading the same rows with SQLite alone.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, OpenFlags};
use throng_engine::policy::Native;
use throng_plugin_policy_rhai::{Config, RhaiPolicy};
use throng_shell::Node;

use crate::hall;
use crate::report::{Report, Target};
use crate::spread::Spread;

/// Rounds of each.
const ROUNDS: usize = 5;
/// What a node reads of every member.
const ROWS: &str = "SELECT user_id, users.body, members.profile FROM members JOIN users \
                    ON users.id = members.user_id ORDER BY user_id";

/// Starts a node on a folder under the built-in policy.
pub(super) async fn start(folder: &Path) -> anyhow::Result<Node> {
    let policy = RhaiPolicy::open(Config::default(), Native { relay_capacity: 15_000 })?;
    hall::start(Arc::new(policy), folder).await
}

/// Starts a node and says how long that took: what the process apart does.
pub(super) async fn time(folder: &Path) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let node = start(folder).await?;
    let took = began.elapsed();
    node.finish().await;
    Ok(took)
}

/// Loads and reads in turn. Every node has a process of its own, as each start has.
pub(super) fn run(
    folder: &Path,
    members: usize,
    smoke: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut loads, mut reads) = (Vec::new(), Vec::new());
    // The first finds what was just written in the kernel's cache, as all others then do.
    read(folder, members)?;
    if smoke {
        // A program that is not its own executable cannot start itself.
        return Ok(());
    }
    for _ in 0..ROUNDS {
        reads.push(read(folder, members)?.as_secs_f64());
        loads.push(apart(folder)?.as_secs_f64());
    }
    let seconds = |of: &[f64]| of.iter().copied().collect::<Spread>();
    report.spread("loading at the start", &seconds(&loads), "s", None);
    report.spread("reading the same rows with SQLite alone", &seconds(&reads), "s", None);
    let ratios = Spread::ratios(&loads, &reads);
    let what = "loading at the start / reading the rows with SQLite alone";
    report.spread(what, &ratios, "x", Some(Target::AtMost(1.5)));
    Ok(())
}

/// Reads every row, and looks at every byte's place.
fn read(folder: &Path, members: usize) -> anyhow::Result<Duration> {
    let file = folder.join("throng.db");
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let began = Instant::now();
    let mut statement = db.prepare(ROWS)?;
    let mut rows = statement.query([])?;
    let (mut count, mut bytes) = (0, 0);
    while let Some(row) = rows.next()? {
        count += 1;
        bytes += row.get_ref(1)?.as_str()?.len() + row.get_ref(2)?.as_str()?.len();
    }
    let took = began.elapsed();
    ensure!(count == members && bytes > count, "SQLite has read {count} members");
    Ok(took)
}

/// Loads in a process apart, which prints its seconds.
fn apart(folder: &Path) -> anyhow::Result<Duration> {
    let program = std::env::current_exe()?;
    let done = Command::new(program).arg("--load").arg(folder).output()?;
    ensure!(done.status.success(), "loading: {}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8(done.stdout)?;
    let seconds = said.trim().parse().with_context(|| format!("loading says {said:?}"))?;
    Ok(Duration::from_secs_f64(seconds))
}
