//! Users come into guilds by their own wish: by invites, or with a token of their own.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use throng_e2e::{
    Account, Api, Client, Driver, Gateway, Identity, Library, Scene, Way, Wire, intents,
};
use ureq::http::Method;

/// GUILDS, GUILD_INVITES and messages.
const HEARS_INVITES: u64 = intents::MESSAGES | 1 << 6;

/// Calls a route that must answer so.
fn call(api: &Api, line: &str, body: &Value, status: u16) -> Result<Value> {
    let (method, path) = line.split_once(' ').context("a method and a path")?;
    let body = Some(body).filter(|body| !body.is_null());
    let (answered, answer) = api.call(&method.parse::<Method>()?, path, body)?;
    ensure!(answered == status, "{line}: {answered}, not {status}: {answer}");
    Ok(answer)
}

/// A scene, and an account that is in no guild.
fn scene() -> Result<(Scene, Account)> {
    let scene = Scene::with_readers(Gateway::start()?, 1)?;
    let guest = scene.gateway.admin()?.user("guest")?;
    Ok((scene, guest))
}

over_each_transport!(an_invite_lets_in_who_accepts_it_and_is_told_to_who_manages);
async fn an_invite_lets_in_who_accepts_it_and_is_told_to_who_manages(way: Way) -> Result<()> {
    let (scene, guest) = scene()?;
    let (api, guests) = (scene.api(), scene.gateway.api(&guest));
    let route = scene.gateway.route(way);
    let mut host = Client::enter(&route, &Identity::bot(&scene.author, HEARS_INVITES)).await?;
    let mut visitor = Client::enter(&route, &Identity::user(&guest, 0)).await?;
    let path = format!("POST /channels/{}/invites", scene.channel);
    let invite = call(&api, &path, &json!({ "max_uses": 1, "max_age": 3600 }), 200)?;
    let code = invite["code"].as_str().context("a code")?;
    ensure!(host.expect("INVITE_CREATE").await?.d["code"] == code, "another code");
    let shown = call(&guests, &format!("GET /invites/{code}?with_counts=true"), &Value::Null, 200)?;
    ensure!(shown["guild"]["id"] == scene.guild.id.as_str(), "{shown}");
    ensure!(shown["approximate_member_count"] == 2, "{shown}");
    let accepted = call(&guests, &format!("POST /invites/{code}"), &json!({}), 200)?;
    ensure!(accepted["new_member"] == true, "{accepted}");
    ensure!(host.expect("INVITE_DELETE").await?.d["code"] == code, "its last use");
    ensure!(visitor.expect("GUILD_CREATE").await?.d["id"] == scene.guild.id.as_str(), "welcome");
    let late = scene.gateway.api(&scene.readers[0]);
    let answer = call(&late, &format!("POST /invites/{code}"), &json!({}), 404)?;
    ensure!(answer["code"] == 10006, "{answer}");
    Ok(())
}

#[test]
fn nobody_is_added_to_a_guild_without_a_token_of_its_own() -> Result<()> {
    let (scene, guest) = scene()?;
    let api = scene.api();
    let line = format!("PUT /guilds/{}/members/{}", scene.guild.id, guest.id);
    let answer = call(&api, &line, &json!({}), 400)?;
    let code = &answer["errors"]["access_token"]["_errors"][0]["code"];
    ensure!(code == "BASE_TYPE_REQUIRED", "{answer}");
    for token in ["nobody's", scene.author.token.as_str(), scene.readers[0].token.as_str()] {
        let answer = call(&api, &line, &json!({ "access_token": token }), 403)?;
        ensure!(answer["code"] == 50025, "{answer}");
    }
    let guilds = call(&scene.gateway.api(&guest), "GET /users/@me/guilds", &Value::Null, 200)?;
    ensure!(guilds == json!([]), "{guilds}");
    let answer = call(&api, &line, &json!({ "access_token": guest.token, "nick": "g" }), 201)?;
    ensure!(answer["nick"] == "g", "{answer}");
    call(&api, &line, &json!({ "access_token": guest.token }), 204)?;
    Ok(())
}

#[test]
fn a_user_is_in_no_more_guilds_than_it_may_and_makes_no_more() -> Result<()> {
    let gateway = Gateway::builder()
        .set("limits.guilds_per_user", &2)
        .set("limits.guilds_made_per_hour", &3)
        .start()?;
    let founder = gateway.admin()?.user("founder")?;
    let api = gateway.api(&founder);
    let mut made = Vec::new();
    for _ in 0..2 {
        made.push(call(&api, "POST /guilds", &json!({ "name": "mine" }), 201)?);
    }
    let answer = call(&api, "POST /guilds", &json!({ "name": "mine" }), 400)?;
    ensure!(answer["code"] == 30001, "{answer}");
    for guild in made {
        let id = guild["id"].as_str().context("an id")?;
        call(&api, &format!("DELETE /guilds/{id}"), &Value::Null, 204)?;
    }
    call(&api, "POST /guilds", &json!({ "name": "mine" }), 201)?;
    let answer = call(&api, "POST /guilds", &json!({ "name": "mine" }), 429)?;
    ensure!(answer["retry_after"].as_f64() > Some(1.0), "{answer}");
    Ok(())
}

/// Invites outlive the process.
#[test]
fn an_invite_is_there_after_a_restart() -> Result<()> {
    let (mut scene, guest) = scene()?;
    let path = format!("POST /channels/{}/invites", scene.channel);
    let invite = call(&scene.api(), &path, &json!({ "max_age": 0 }), 200)?;
    let code = invite["code"].as_str().context("a code")?.to_owned();
    scene.gateway.kill9()?;
    scene.gateway.restart()?;
    let guests = scene.gateway.api(&guest);
    call(&guests, &format!("POST /invites/{code}"), &json!({}), 200)?;
    let listed = format!("GET /guilds/{}/invites", scene.guild.id);
    let listed = call(&scene.api(), &listed, &Value::Null, 200)?;
    ensure!(listed[0]["uses"] == 1, "{listed}");
    Ok(())
}

#[test]
fn discordpy_makes_shows_and_deletes_invites() -> Result<()> {
    makes_shows_and_deletes_invites(Library::DiscordPy)
}

#[test]
fn discordjs_makes_shows_and_deletes_invites() -> Result<()> {
    makes_shows_and_deletes_invites(Library::DiscordJs)
}

#[test]
fn pycord_makes_shows_and_deletes_invites() -> Result<()> {
    makes_shows_and_deletes_invites(Library::Pycord)
}

#[test]
fn nextcord_makes_shows_and_deletes_invites() -> Result<()> {
    makes_shows_and_deletes_invites(Library::Nextcord)
}

fn makes_shows_and_deletes_invites(library: Library) -> Result<()> {
    if throng_e2e::driver(library, Wire::Plain)?.is_none() {
        return Ok(());
    }
    let (scene, guest) = scene()?;
    let started = Driver::start(library, Wire::Plain, &scene.gateway, &scene.author)?;
    let Some(mut driver) = started else { return Ok(()) };
    driver.enter(&scene.guild)?;
    driver.tell(&json!({ "do": "invite", "channel": scene.channel }))?;
    let invited = driver.expect("invited")?;
    let code = invited["code"].as_str().context("a code")?;
    let expected = json!({
        "event": "invited", "code": code, "listed": [code], "uses": [0, 5],
        "guild": "first light", "members": 2,
    });
    ensure!(invited == expected, "{invited} is not {expected}");
    call(&scene.gateway.api(&guest), &format!("POST /invites/{code}"), &json!({}), 200)?;
    driver.tell(&json!({ "do": "uninvite", "code": code }))?;
    let left = driver.expect("uninvited")?;
    ensure!(left["listed"] == json!([]), "{left}");
    let answer = call(&scene.api(), &format!("GET /invites/{code}"), &Value::Null, 404)?;
    ensure!(answer["code"] == 10006, "{answer}");
    driver.close()
}

/// The libraries hear of invites that somebody else makes.
#[test]
fn libraries_hear_of_invites() -> Result<()> {
    for library in [Library::DiscordPy, Library::DiscordJs] {
        if throng_e2e::driver(library, Wire::Plain)?.is_none() {
            continue;
        }
        let (scene, _) = scene()?;
        let started = Driver::start(library, Wire::Plain, &scene.gateway, &scene.author)?;
        let Some(mut driver) = started else { continue };
        driver.enter(&scene.guild)?;
        let path = format!("POST /channels/{}/invites", scene.channel);
        let invite = call(&scene.gateway.api(&scene.readers[0]), &path, &json!({}), 200)?;
        let told = driver.expect("invite")?;
        ensure!(told["code"] == invite["code"] && told["guild"] == "first light", "{told}");
        let code = invite["code"].as_str().context("a code")?;
        call(&scene.api(), &format!("DELETE /invites/{code}"), &Value::Null, 200)?;
        ensure!(driver.expect("uninvite")?["code"] == code, "another one");
        driver.close()?;
    }
    Ok(())
}
