//! Journals and directories that are not as they were left: client libraries come back by
//! themselves, and what was acknowledged is kept or refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use throng_e2e::{Client, Driver, Gateway, Identity, Library, Scene, Way, Wire, intents};

/// Begins the messages that a client is told when it is back.
const BACK: &str = "are you back";
/// Time between two of them.
const PAUSE: Duration = Duration::from_millis(300);

#[test]
fn discordpy_comes_back_whatever_happened_to_the_journals() -> Result<()> {
    comes_back(Library::DiscordPy)
}

#[test]
fn discordjs_comes_back_whatever_happened_to_the_journals() -> Result<()> {
    comes_back(Library::DiscordJs)
}

fn comes_back(library: Library) -> Result<()> {
    if throng_e2e::driver(library, Wire::Plain)?.is_none() {
        return Ok(());
    }
    let mut scene = Scene::with_readers(Gateway::start()?, 1)?;
    let Some(mut driver) = Driver::start(library, Wire::Plain, &scene.gateway, &scene.readers[0])?
    else {
        return Ok(());
    };
    driver.enter(&scene.guild)?;
    let older = tempfile::tempdir()?;
    let damages: [Damage; 4] = [cut, flip, remove, nothing];
    for (round, damage) in damages.into_iter().enumerate() {
        for number in 0..30 {
            scene.api().post(&scene.channel, &format!("round {round} {number}"))?;
        }
        driver.messages_until(&format!("round {round} 29"))?;
        if round == 0 {
            copy(&scene.gateway.data().join("sessions"), &older.path().join("sessions"))?;
        }
        scene.gateway.kill9()?;
        damage(&journals(scene.gateway.data())?)?;
        scene.gateway.restart()?;
        is_told(&scene, &mut driver).with_context(|| format!("round {round}"))?;
    }
    // An older copy of all journals is put back.
    scene.gateway.kill9()?;
    let sessions = scene.gateway.data().join("sessions");
    fs::remove_dir_all(&sessions)?;
    copy(&older.path().join("sessions"), &sessions)?;
    scene.gateway.restart()?;
    is_told(&scene, &mut driver).context("an older copy")?;
    driver.close()
}

/// Posts until the client is told, however it came back.
pub(super) fn is_told(scene: &Scene, driver: &mut Driver) -> Result<()> {
    let (told, api) = (AtomicBool::new(false), scene.api());
    let channel = &scene.channel;
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                if told.load(Ordering::Acquire) {
                    return;
                }
                // The gateway may still be starting.
                drop(api.post(channel, &format!("{BACK} {number}")));
                thread::park_timeout(PAUSE);
            }
        });
        let found = loop {
            match driver.expect("message") {
                Ok(message) if message["content"].as_str().is_some_and(|c| c.starts_with(BACK)) => {
                    break Ok(());
                }
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        told.store(true, Ordering::Release);
        found
    })
}

type Damage = fn(&[PathBuf]) -> Result<()>;

fn cut(journals: &[PathBuf]) -> Result<()> {
    for path in journals {
        let bytes = fs::read(path)?;
        fs::write(path, &bytes[..bytes.len() * 2 / 3])?;
    }
    Ok(())
}

fn flip(journals: &[PathBuf]) -> Result<()> {
    for path in journals {
        let mut bytes = fs::read(path)?;
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 0x10;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

fn remove(journals: &[PathBuf]) -> Result<()> {
    journals.iter().try_for_each(|path| Ok(fs::remove_file(path)?))
}

fn nothing(_: &[PathBuf]) -> Result<()> {
    Ok(())
}

/// Lists the journals' files.
fn journals(data: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    below(&data.join("sessions"), &mut found)?;
    found.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
    ensure!(!found.is_empty(), "there are no journals");
    Ok(found)
}

fn below(dir: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            below(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut files = Vec::new();
    below(from, &mut files)?;
    for file in files {
        let target = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(target.parent().context("it is below a directory")?)?;
        fs::copy(&file, target)?;
    }
    Ok(())
}

#[test]
fn posts_into_a_data_directory_that_is_gone_are_refused() -> Result<()> {
    let mut scene = Scene::with_readers(Gateway::start()?, 0)?;
    let api = scene.api();
    api.post(&scene.channel, "kept")?;
    let (data, away) = (scene.gateway.data().to_owned(), tempfile::tempdir()?);
    let admin = scene.gateway.admin()?;
    for name in ["throng.db", "throng.db-wal", "throng.db-shm"] {
        fs::rename(data.join(name), away.path().join(name))?;
    }
    ensure!(api.post(&scene.channel, "lost").is_err(), "taken, though nobody would find it");
    let failing = (0..200).any(|_| {
        thread::park_timeout(PAUSE);
        admin.ready().is_ok_and(|(status, told)| status == 503 && told["status"] == "failing")
    });
    ensure!(failing, "{:?}", admin.ready()?);
    let words = ["it failed", "method=\"POST\"", "status=503", "user=", "peer=127.0.0.1:"];
    let failed = |line: &str| words.iter().all(|word| line.contains(word)).then_some(());
    scene.gateway.told("whose post failed", failed)?;
    for name in ["throng.db", "throng.db-wal", "throng.db-shm"] {
        fs::rename(away.path().join(name), data.join(name))?;
    }
    api.post(&scene.channel, "kept, too")?;
    scene.gateway.kill9()?;
    scene.gateway.restart()?;
    let history = scene.api().history(&scene.channel)?;
    let contents: Vec<_> = history.iter().map(|message| &message["content"]).collect();
    ensure!(contents == ["kept", "kept, too"], "{contents:?}");
    Ok(())
}

#[tokio::test]
async fn sessions_survive_a_crash_after_their_journals_were_removed_or_replaced() -> Result<()> {
    let mut scene = Scene::with_readers(Gateway::start()?, 1)?;
    let identity = Identity::bot(&scene.readers[0], intents::MESSAGES);
    let mut reader = Client::enter(&scene.gateway.route(Way::WEBSOCKET), &identity).await?;
    let sessions = scene.gateway.data().join("sessions");
    let older = tempfile::tempdir()?;
    copy(&sessions, older.path())?;
    for (round, replace) in [false, true].into_iter().enumerate() {
        let before = format!("before {round}");
        scene.api().post(&scene.channel, &before)?;
        reader.until_message(&before).await?;
        fs::remove_dir_all(&sessions)?;
        if replace {
            copy(older.path(), &sessions)?;
        }
        is_noticed(&scene)?;
        is_in_force(&sessions)?;
        let after = format!("after {round}");
        scene.api().post(&scene.channel, &after)?;
        reader.until_message(&after).await?;
        scene.gateway.kill9()?;
        scene.gateway.restart()?;
        let missed = format!("missed {round}");
        scene.api().post(&scene.channel, &missed)?;
        reader = reader.cut()?.resume().await?;
        reader.until_message(&missed).await?;
    }
    Ok(())
}

/// Waits until `/readyz` tells of the journals, while posts are taken.
fn is_noticed(scene: &Scene) -> Result<()> {
    let admin = scene.gateway.admin()?;
    let noticed = (0..200).any(|_| {
        thread::park_timeout(PAUSE);
        admin.ready().is_ok_and(|(status, told)| {
            status == 200 && told["status"] == "degraded" && told.to_string().contains("journals")
        })
    });
    ensure!(noticed, "{:?}", admin.ready()?);
    Ok(())
}

/// Waits until what a start would read is what the gateway writes.
fn is_in_force(sessions: &Path) -> Result<()> {
    let in_force = (0..200).any(|_| {
        thread::park_timeout(PAUSE);
        let name = fs::read_to_string(sessions.join("current")).unwrap_or_default();
        let number = name.split(' ').next().unwrap_or_default();
        let journals = fs::read_dir(sessions.join(number)).into_iter().flatten().flatten();
        let begun: Vec<bool> = journals.map(|entry| entry.path().join("1.log").exists()).collect();
        !number.is_empty() && !begun.is_empty() && begun.iter().all(|begun| *begun)
    });
    ensure!(in_force, "the journals are not in force again");
    Ok(())
}
