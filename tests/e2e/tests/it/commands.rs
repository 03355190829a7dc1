//! Applications register commands, which stay as they are until they are changed.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use throng_e2e::{Api, Driver, Gateway, Library, Scene, Wire, alike};
use ureq::http::Method;

/// Calls a route that must answer so.
fn call(api: &Api, line: &str, body: &Value, status: u16) -> Result<Value> {
    let (method, path) = line.split_once(' ').context("a method and a path")?;
    let body = Some(body).filter(|body| !body.is_null());
    let (answered, answer) = api.call(&method.parse::<Method>()?, path, body)?;
    ensure!(answered == status, "{line}: {answered}, not {status}: {answer}");
    Ok(answer)
}

#[test]
fn discordpy_syncs_edits_and_deletes_commands() -> Result<()> {
    registers_edits_and_deletes(Library::DiscordPy)
}

#[test]
fn discordjs_sets_edits_and_deletes_commands() -> Result<()> {
    registers_edits_and_deletes(Library::DiscordJs)
}

#[test]
fn twilight_sets_edits_and_deletes_commands() -> Result<()> {
    registers_edits_and_deletes(Library::Twilight)
}

#[test]
fn serenity_sets_edits_and_deletes_commands() -> Result<()> {
    registers_edits_and_deletes(Library::Serenity)
}

/// Two commands everywhere, twice, and in a guild; then one is another and one is gone.
fn registers_edits_and_deletes(library: Library) -> Result<()> {
    let mut scene = Scene::with_readers(Gateway::start()?, 1)?;
    let started = Driver::start(library, Wire::Plain, &scene.gateway, &scene.author)?;
    let Some(mut driver) = started else { return Ok(()) };
    driver.enter(&scene.guild)?;
    driver.tell(&json!({ "do": "commands", "guild": scene.guild.id }))?;
    let told = driver.expect("commands")?;
    let ids = |key: &str| -> Result<Vec<String>> { Ok(serde_json::from_value(told[key].clone())?) };
    let first = ids("first")?;
    ensure!(first.len() == 2, "{told}");
    alike(&ids("again")?, &first)?;
    let here = ids("here")?;
    ensure!(here.len() == 2 && here.iter().all(|id| !first.contains(id)), "{told}");
    ensure!(told["edited"] == json!([first[0], "chant", "Chants"]), "{told}");
    ensure!(told["left"] == json!(["chant"]), "{told}");
    driver.close()?;
    // What is acknowledged is kept.
    scene.gateway.kill9()?;
    scene.gateway.restart()?;
    let everywhere = format!("/applications/{}", scene.author.id);
    let kept = call(&scene.api(), &format!("GET {everywhere}/commands"), &Value::Null, 200)?;
    ensure!(kept[0]["id"] == first[0].as_str() && kept[1].is_null(), "{kept}");
    ensure!(kept[0]["options"][1]["max_value"] == 9, "{kept}");
    let path = format!("GET {everywhere}/guilds/{}/commands", scene.guild.id);
    let kept = call(&scene.api(), &path, &Value::Null, 200)?;
    ensure!(kept[0]["name"] == "sing" && kept[1]["name"] == "High Five", "{kept}");
    let stranger = scene.gateway.api(&scene.readers[0]);
    let answer = call(&stranger, &path, &Value::Null, 403)?;
    ensure!(answer["code"] == 50001, "{answer}");
    Ok(())
}

#[test]
fn commands_of_a_guild_end_when_their_bot_leaves_it() -> Result<()> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let bot = &scene.readers[0];
    let api = scene.gateway.api(bot);
    let path = format!("/applications/{}/guilds/{}/commands", bot.id, scene.guild.id);
    let command = json!({ "name": "sing", "description": "Sings" });
    let made = call(&api, &format!("POST {path}"), &command, 201)?;
    let again = call(&api, &format!("POST {path}"), &command, 200)?;
    ensure!(again == made, "{again} is not {made}");
    call(&api, &format!("DELETE /users/@me/guilds/{}", scene.guild.id), &Value::Null, 204)?;
    let answer = call(&api, &format!("GET {path}"), &Value::Null, 403)?;
    ensure!(answer["code"] == 50001, "{answer}");
    let join = format!("PUT /guilds/{}/members/{}", scene.guild.id, bot.id);
    call(&scene.api(), &join, &json!({ "access_token": bot.token }), 201)?;
    let left = call(&api, &format!("GET {path}"), &Value::Null, 200)?;
    ensure!(left == json!([]), "{left}");
    Ok(())
}
