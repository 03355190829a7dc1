//! Each client library, unmodified, with each compression that it has.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use throng_e2e::{Driver, Gateway, Library, Scene, Wire, alike, unicode};

/// Members beside the bots: more than one chunk of them.
const CROWD: usize = 1100;
/// Messages that are posted while a library has no connection.
const MISSED: usize = 30;

#[test]
fn discordpy_chats_and_resumes_without_transport_compression() -> Result<()> {
    chats_and_resumes(Library::DiscordPy, Wire::Plain)
}

#[test]
fn discordpy_chats_and_resumes_with_zlib_stream() -> Result<()> {
    chats_and_resumes(Library::DiscordPy, Wire::Zlib)
}

#[test]
fn discordpy_chats_and_resumes_with_zstd_stream() -> Result<()> {
    chats_and_resumes(Library::DiscordPy, Wire::Zstd)
}

#[test]
fn discordjs_chats_and_resumes_without_compression() -> Result<()> {
    chats_and_resumes(Library::DiscordJs, Wire::Plain)
}

#[test]
fn discordjs_chats_and_resumes_with_zlib_stream() -> Result<()> {
    chats_and_resumes(Library::DiscordJs, Wire::Zlib)
}

#[test]
fn twilight_chats_and_resumes_without_compression() -> Result<()> {
    chats_and_resumes(Library::Twilight, Wire::Plain)
}

#[test]
fn twilight_chats_and_resumes_with_zlib_stream() -> Result<()> {
    chats_and_resumes(Library::Twilight, Wire::Zlib)
}

#[test]
fn twilight_chats_and_resumes_with_zstd_stream() -> Result<()> {
    chats_and_resumes(Library::Twilight, Wire::Zstd)
}

#[test]
fn hikari_chats_and_resumes_with_zlib_stream() -> Result<()> {
    chats_and_resumes(Library::Hikari, Wire::Zlib)
}

#[test]
fn pycord_chats_and_resumes_with_zlib_stream() -> Result<()> {
    chats_and_resumes(Library::Pycord, Wire::Zlib)
}

#[test]
fn nextcord_chats_and_resumes_with_zlib_stream() -> Result<()> {
    chats_and_resumes(Library::Nextcord, Wire::Zlib)
}

#[test]
fn serenity_chats_and_resumes_with_compressed_payloads() -> Result<()> {
    chats_and_resumes(Library::Serenity, Wire::Plain)
}

fn chats_and_resumes(library: Library, wire: Wire) -> Result<()> {
    // Asked first, so that nothing is started where the library cannot be.
    if throng_e2e::driver(library, wire)?.is_none() {
        return Ok(());
    }
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let names = (0..CROWD).map(|n| format!("crowd{n:04}"));
    scene.gateway.admin()?.import(&scene.guild, names)?;
    let Some(mut driver) = Driver::start(library, wire, &scene.gateway, &scene.readers[0])? else {
        return Ok(());
    };
    driver.enter(&scene.guild)?;
    reads_and_posts(&scene, &mut driver)?;
    lists_members(&scene, &mut driver)?;
    // Twice, because the second resume is of a resumed session.
    for round in 0..2 {
        resumes(&scene, &mut driver, round)?;
    }
    driver.close()
}

/// What is posted over HTTP arrives unchanged; what the library posts is in the history.
fn reads_and_posts(scene: &Scene, driver: &mut Driver) -> Result<()> {
    let (api, contents) = (scene.api(), unicode("from the api"));
    for content in &contents {
        api.post(&scene.channel, content)?;
    }
    for content in &contents {
        let message = driver.expect("message")?;
        ensure!(message["content"] == content.as_str(), "{message} is not {content:?}");
        ensure!(message["author"] == scene.author.id.as_str(), "{message}: another author");
        ensure!(message["channel"] == scene.channel.as_str(), "{message}: another channel");
    }
    let contents = unicode("from the library");
    for content in &contents {
        let id = driver.post(&scene.channel, content)?;
        let history = api.history(&scene.channel)?;
        let stored = history.last().map(|message| (&message["id"], &message["content"]));
        let expected = (&Value::from(id), &Value::from(content.as_str()));
        ensure!(stored == Some(expected), "{stored:?} is not {expected:?}");
    }
    Ok(())
}

/// The full list comes in chunks and whole; a query finds by prefix.
fn lists_members(scene: &Scene, driver: &mut Driver) -> Result<()> {
    driver.tell(&json!({ "do": "members", "guild": scene.guild.id }))?;
    let names = driver.expect("members")?["names"].clone();
    let mut expected: Vec<_> = (0..CROWD).map(|n| format!("crowd{n:04}")).collect();
    expected.extend(["author".to_owned(), "reader0".to_owned()]);
    expected.sort();
    ensure!(names == json!(expected), "the members are {names}");
    driver.tell(&json!({ "do": "members", "guild": scene.guild.id, "query": "crowd109" }))?;
    let names = driver.expect("members")?["names"].clone();
    let expected: Vec<_> = (1090..1100).map(|n| format!("crowd{n:04}")).collect();
    ensure!(names == json!(expected), "the query finds {names}");
    Ok(())
}

/// The library loses its connection, resumes by itself and is told exactly once what it missed.
fn resumes(scene: &Scene, driver: &mut Driver, round: usize) -> Result<()> {
    let api = scene.api();
    let fence = format!("before {round}");
    api.post(&scene.channel, &fence)?;
    driver.messages_until(&fence)?;
    driver.drop_socket()?;
    let missed: Vec<_> = (0..MISSED).map(|n| format!("missed {round} {n} \u{1f573}")).collect();
    for content in &missed {
        api.post(&scene.channel, content)?;
    }
    let mut told = driver.carry_on()?;
    let fence = format!("after {round}");
    api.post(&scene.channel, &fence)?;
    told.extend(driver.messages_until(&fence)?);
    let expected: Vec<_> = missed.into_iter().chain([fence]).collect();
    alike(&told, &expected)
}
