//! Disks that are full, that take no more files, or that nobody may write any more: what was
//! acknowledged is kept, what cannot be kept is refused, everything else goes on, and clients come
//! back by themselves.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use throng_e2e::{
    Client, Disk, Driver, Gateway, Identity, Library, PATIENCE, Scene, Way, Wire, intents,
};

use super::damage::is_told;

/// Room for the database, its log up to a checkpoint, and what the gateway wants to be free.
const MEMORY: &str = "size=24m";
/// As many files as the gateway has at the start, and some.
const FEW_FILES: &str = "size=24m,nr_inodes=64";
/// Posts of 8 KB after which any of these disks is full.
const POSTS_MAX: usize = 4_000;
/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Starts a gateway on a disk, with a guild and one who reads.
fn begin(disk: &Arc<Disk>) -> Result<Scene> {
    Scene::with_readers(Gateway::builder().disk(disk).start()?, 1)
}

async fn enter(scene: &Scene) -> Result<Client> {
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES | 1 << 11);
    Client::enter(&scene.gateway.route(Way::WEBSOCKET), &identity).await
}

fn post(scene: &Scene, content: &str) -> Result<(u16, Value)> {
    let path = format!("/channels/{}/messages", scene.channel);
    scene.api().call(&"POST".try_into()?, &path, Some(&json!({ "content": content })))
}

/// Posts until that is refused, and returns the ids of what was acknowledged.
fn until_refused(scene: &Scene) -> Result<Vec<String>> {
    let (mut posted, content) = (Vec::new(), "\u{1f680}".repeat(2000));
    while posted.len() < POSTS_MAX {
        match post(scene, &content)? {
            (200, message) => posted.push(text(&message["id"])?),
            (429, _) => thread::park_timeout(PAUSE),
            (503, answer) => {
                ensure!(answer["message"].is_string(), "{answer}");
                return Ok(posted);
            }
            (status, answer) => bail!("{status} {answer}"),
        }
    }
    bail!("nothing is ever refused")
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().context("no text")?.to_owned())
}

/// Waits until `/readyz` says something with a word in it.
fn becomes(scene: &Scene, status: &str, word: &str) -> Result<()> {
    let (admin, deadline) = (scene.gateway.admin()?, Instant::now() + PATIENCE);
    loop {
        let (_, told) = admin.ready()?;
        if told["status"] == status && told.to_string().contains(word) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "not {status} with {word:?}: {told}");
        thread::park_timeout(PAUSE);
    }
}

/// Posts until that is taken again.
fn is_taken(scene: &Scene, content: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match post(scene, content)? {
            (200, message) => return text(&message["id"]),
            (503, _) if Instant::now() < deadline => thread::park_timeout(PAUSE),
            (status, answer) => bail!("{status} {answer}"),
        }
    }
}

/// Shows that what needs no disk goes on: typing, and reading what is there.
async fn goes_on(scene: &Scene, reader: &mut Client, acknowledged: &[String]) -> Result<()> {
    let path = format!("/channels/{}/typing", scene.channel);
    let (status, answer) = scene.api().call(&"POST".try_into()?, &path, Some(&json!({})))?;
    ensure!(status == 204, "typing: {status} {answer}");
    reader.expect("TYPING_START").await?;
    ensure!(scene.history()? == acknowledged, "the history is not what was acknowledged");
    Ok(())
}

#[tokio::test]
async fn a_disk_that_fills_up_costs_posts_only_and_is_well_when_there_is_room() -> Result<()> {
    let Some(disk) = Disk::of_memory(MEMORY)? else { return Ok(()) };
    let disk = Arc::new(disk);
    let scene = begin(&disk)?;
    let mut reader = enter(&scene).await?;
    becomes(&scene, "ready", "")?;
    disk.fill()?;
    let mut acknowledged = until_refused(&scene)?;
    goes_on(&scene, &mut reader, &acknowledged).await?;
    becomes(&scene, "degraded", "the disk is full")?;
    disk.free()?;
    acknowledged.push(is_taken(&scene, "there is room")?);
    reader.until_message("there is room").await?;
    becomes(&scene, "ready", "")?;
    ensure!(scene.history()? == acknowledged, "the history is not what was acknowledged");
    Ok(())
}

#[tokio::test]
async fn files_that_may_not_grow_cost_posts_only() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let mut reader = enter(&scene).await?;
    let log = scene.gateway.data().join("throng.db-wal");
    scene.gateway.limit_files(Some(log.metadata()?.len() + 64 * 1024))?;
    let mut acknowledged = until_refused(&scene)?;
    goes_on(&scene, &mut reader, &acknowledged).await?;
    becomes(&scene, "degraded", "")?;
    scene.gateway.limit_files(None)?;
    acknowledged.push(is_taken(&scene, "there is room")?);
    reader.until_message("there is room").await?;
    ensure!(scene.history()? == acknowledged, "the history is not what was acknowledged");
    Ok(())
}

#[tokio::test]
async fn a_disk_that_takes_no_more_files_costs_nothing_that_is_under_way() -> Result<()> {
    let Some(disk) = Disk::of_memory(FEW_FILES)? else { return Ok(()) };
    let disk = Arc::new(disk);
    let mut scene = begin(&disk)?;
    let mut reader = enter(&scene).await?;
    disk.fill_with_files()?;
    scene.api().post(&scene.channel, "no new file is needed")?;
    reader.until_message("no new file is needed").await?;
    becomes(&scene, "degraded", "files can be made")?;
    // A start needs some, and says so, or does without.
    scene.gateway.kill9()?;
    starts_or_says(&mut scene, &["the disk is full", "No space left"])?;
    disk.free()?;
    scene.gateway.restart()?;
    reader.cut()?.resume().await?.expect("RESUMED").await?;
    becomes(&scene, "ready", "")?;
    ensure!(scene.history()?.len() == 1, "the message is lost");
    Ok(())
}

/// Starts the gateway again, which runs, or ends and says one of these.
fn starts_or_says(scene: &mut Scene, words: &[&str]) -> Result<bool> {
    let Err(error) = scene.gateway.restart() else { return Ok(true) };
    let told = format!("{error:#}");
    ensure!(words.iter().any(|word| told.contains(word)), "it says only: {told}");
    ensure!(!told.contains("panicked"), "{told}");
    Ok(false)
}

#[tokio::test]
async fn a_file_system_that_breaks_costs_posts_and_nothing_that_was_acknowledged() -> Result<()> {
    let Some(disk) = Disk::of_image()? else { return Ok(()) };
    let disk = Arc::new(disk);
    let mut scene = begin(&disk)?;
    let mut reader = enter(&scene).await?;
    let acknowledged: Vec<String> = (0..20)
        .map(|number| scene.api().post(&scene.channel, &number.to_string()))
        .collect::<Result<_>>()?;
    // As after an error of the device.
    disk.remount("abort")?;
    ensure!(until_refused(&scene)?.is_empty(), "taken, though nothing can be written");
    becomes(&scene, "degraded", "")?;
    goes_on(&scene, &mut reader, &acknowledged).await?;
    scene.gateway.kill9()?;
    let started = starts_or_says(&mut scene, &["data directory", "database", "sessions"])?;
    ensure!(!started || scene.history()? == acknowledged, "what was acknowledged is lost");
    Ok(())
}

#[tokio::test]
async fn a_start_on_a_disk_that_nobody_may_write_says_so_and_changes_nothing() -> Result<()> {
    let Some(disk) = Disk::of_memory(MEMORY)? else { return Ok(()) };
    let disk = Arc::new(disk);
    let mut scene = begin(&disk)?;
    let reader = enter(&scene).await?;
    let acknowledged = vec![scene.api().post(&scene.channel, "kept")?];
    scene.gateway.kill9()?;
    disk.remount("ro")?;
    ensure!(!starts_or_says(&mut scene, &["Read-only"])?, "it runs where nothing can be kept");
    disk.remount("rw")?;
    scene.gateway.restart()?;
    ensure!(scene.history()? == acknowledged, "the message is lost");
    reader.cut()?.resume().await?.expect("RESUMED").await.map(drop)
}

#[tokio::test]
async fn a_full_disk_under_the_log_costs_lines_only() -> Result<()> {
    let Some(disk) = Disk::of_memory("size=1m")? else { return Ok(()) };
    let gateway = Gateway::builder().log(disk.log()?).set("log.filter", &"debug").start()?;
    let mut scene = Scene::with_readers(gateway, 1)?;
    let mut reader = enter(&scene).await?;
    let refused = json!({ "nobody": "knows this" });
    disk.fill()?;
    let (admin, deadline) = (scene.gateway.admin()?, Instant::now() + PATIENCE);
    // The last page of the file takes some lines yet.
    while admin.metric("throng_log_lines_dropped_total")? == 0 {
        admin.call(&"POST".try_into()?, "/admin/v1/users", Some(&refused))?;
        ensure!(Instant::now() < deadline, "no line is missed");
    }
    scene.api().post(&scene.channel, "nobody reads of this in the log")?;
    reader.until_message("nobody reads of this in the log").await?;
    disk.free()?;
    // What is said from now on is there again.
    let before = disk.log()?.metadata()?.len();
    while disk.log()?.metadata()?.len() <= before {
        admin.call(&"POST".try_into()?, "/admin/v1/users", Some(&refused))?;
        ensure!(Instant::now() < deadline, "nothing is written any more");
    }
    scene.gateway.terminate()?;
    let status = scene.gateway.wait()?;
    ensure!(status.success(), "{status}");
    Ok(())
}

#[test]
fn discordpy_comes_back_from_a_start_on_a_full_disk() -> Result<()> {
    comes_back(Library::DiscordPy)
}

#[test]
fn discordjs_comes_back_from_a_start_on_a_full_disk() -> Result<()> {
    comes_back(Library::DiscordJs)
}

fn comes_back(library: Library) -> Result<()> {
    if throng_e2e::driver(library, Wire::Plain)?.is_none() {
        return Ok(());
    }
    let Some(disk) = Disk::of_memory(MEMORY)? else { return Ok(()) };
    let disk = Arc::new(disk);
    let mut scene = begin(&disk)?;
    let Some(mut driver) = Driver::start(library, Wire::Plain, &scene.gateway, &scene.readers[0])?
    else {
        return Ok(());
    };
    driver.enter(&scene.guild)?;
    scene.api().post(&scene.channel, "before")?;
    driver.messages_until("before")?;
    disk.fill()?;
    let refused = until_refused(&scene)?;
    scene.gateway.kill9()?;
    if starts_or_says(&mut scene, &["the disk is full"])? {
        ensure!(scene.history()?.len() == refused.len() + 1, "what was acknowledged is lost");
    }
    disk.free()?;
    scene.gateway.restart()?;
    ensure!(scene.history()?.len() == refused.len() + 1, "what was acknowledged is lost");
    is_told(&scene, &mut driver)?;
    driver.close()
}
