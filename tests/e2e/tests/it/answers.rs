//! Every answer of the HTTP API, and what begins a session, has what clients take for granted.

mod document;
mod need;

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use throng_e2e::{Account, Api, Client, Gateway, Identity, Scene, Way};
use ureq::http::Method;

use document::Document;
use need::lacking;

/// All that is no secret, and messages' content.
const INTENTS: u64 = 0x1_ffff;
/// Kinds of channels that can be made.
const CHANNELS: [(&str, u8); 5] =
    [("text", 0), ("voice", 2), ("box", 4), ("news", 5), ("stage", 13)];

/// A walk through all routes of a guild that has something of everything.
struct Walk {
    scene: Scene,
    /// Owner of the guild.
    api: Api,
    /// In no guild yet.
    guest: Account,
    document: Document,
    /// What stands for the names in paths.
    places: HashMap<&'static str, String>,
    walked: BTreeSet<String>,
    faults: Vec<String>,
}

impl Walk {
    fn begin() -> Result<Self> {
        let scene = Scene::with_readers(Gateway::start()?, 2)?;
        let (api, guest) = (scene.api(), scene.gateway.admin()?.user("guest")?);
        let (_, document) = api.call(&Method::GET, "/openapi.json", None)?;
        let places = HashMap::from([
            ("{guild_id}", scene.guild.id.clone()),
            ("{channel_id}", scene.channel.clone()),
            ("{user_id}", scene.readers[0].id.clone()),
            ("{application_id}", scene.author.id.clone()),
            ("{emoji_name}", "%F0%9F%91%8D".to_owned()),
        ]);
        let (document, walked, faults) = (Document(document), BTreeSet::new(), Vec::new());
        Ok(Self { scene, api, guest, document, places, walked, faults })
    }

    /// Calls a route, whose answer must be of a kind; returns it.
    fn step(&mut self, line: &str, body: Value, kind: &str) -> Result<Value> {
        let api = self.api.clone();
        self.step_of(&api, line, body, kind)
    }

    fn step_of(&mut self, api: &Api, line: &str, body: Value, kind: &str) -> Result<Value> {
        let (method, path) = line.split_once(' ').context("a method and a path")?;
        let mut real = path.to_owned();
        for (name, place) in &self.places {
            real = real.replace(name, place);
        }
        let body = Some(body).filter(|body| !body.is_null());
        let (status, answer) = api.call(&method.parse::<Method>()?, &real, body.as_ref())?;
        ensure!((200..300).contains(&status), "{line}: {status} {answer}");
        let route = line.split_once('?').map_or(line, |(route, _)| route);
        self.faults.extend(self.document.differs(route, status, &answer)?);
        let empty = answer.as_array().is_some_and(Vec::is_empty);
        // There are no sounds, and nobody is given or denied a command.
        ensure!(
            !empty || matches!(kind, "" | "sound"),
            "{line} answers nothing, which shows nothing"
        );
        if !kind.is_empty() {
            self.faults.extend(lacking(kind, &answer, line));
        }
        self.walked.insert(route.to_owned());
        Ok(answer)
    }

    fn accounts(&mut self) -> Result<()> {
        self.step("GET /gateway", Value::Null, "gateway")?;
        self.step("GET /gateway/bot", Value::Null, "gateway bot")?;
        self.step("GET /users/@me", Value::Null, "me")?;
        self.step("GET /users/{user_id}", Value::Null, "user")?;
        self.step("GET /users/@me/guilds", Value::Null, "my guild")?;
        self.step("GET /applications/@me", Value::Null, "application")?;
        self.step("GET /oauth2/applications/@me", Value::Null, "application")?;
        self.step("GET /soundboard-default-sounds", Value::Null, "sound")?;
        let option = json!({ "type": 3, "name": "o", "description": "d",
            "choices": [{ "name": "n", "value": "v" }] });
        let command = json!({ "name": "c", "type": 1, "description": "d", "options": [option] });
        for path in ["", "/guilds/{guild_id}"] {
            let path = format!("/applications/{{application_id}}{path}/commands");
            let made = self.step(&format!("POST {path}"), command.clone(), "command")?;
            self.places.insert("{command_id}", made["id"].as_str().context("an id")?.to_owned());
            self.step(&format!("PUT {path}"), json!([command]), "command")?;
            self.step(&format!("GET {path}"), Value::Null, "command")?;
            self.step(&format!("GET {path}?with_localizations=true"), Value::Null, "command")?;
            let one = format!("{path}/{{command_id}}");
            self.step(&format!("GET {one}"), Value::Null, "command")?;
            self.step(&format!("PATCH {one}"), json!({ "nsfw": true }), "command")?;
        }
        let path = "/applications/{application_id}/guilds/{guild_id}/commands/permissions";
        self.step(&format!("GET {path}"), Value::Null, "").map(drop)
    }

    fn guild(&mut self) -> Result<()> {
        let role = json!({ "name": "r", "colors": { "primary_color": 5, "secondary_color": 6 } });
        let role = self.step("POST /guilds/{guild_id}/roles", role, "role")?;
        let role = role["id"].as_str().context("a role")?.to_owned();
        self.places.insert("{role_id}", role.clone());
        let patch = json!({ "hoist": true });
        self.step("PATCH /guilds/{guild_id}/roles/{role_id}", patch, "role")?;
        self.step("GET /guilds/{guild_id}/roles", Value::Null, "role")?;
        let overwrite = json!([{ "id": role, "type": 0, "allow": "1024", "deny": "0" }]);
        for (name, kind) in CHANNELS {
            let mut channel = json!({ "name": name, "type": kind });
            channel["permission_overwrites"] = overwrite.clone();
            let made = self.step("POST /guilds/{guild_id}/channels", channel, "channel")?;
            self.places.insert("{channel_id}", made["id"].as_str().context("an id")?.to_owned());
            self.step("GET /channels/{channel_id}", Value::Null, "channel")?;
            self.step("PATCH /channels/{channel_id}", json!({ "position": 9 }), "channel")?;
        }
        self.step("GET /guilds/{guild_id}/channels", Value::Null, "channel")?;
        self.step("DELETE /channels/{channel_id}", Value::Null, "channel")?;
        self.places.insert("{channel_id}", self.scene.channel.clone());
        self.step("GET /guilds/{guild_id}", Value::Null, "guild")?;
        self.step("GET /guilds/{guild_id}?with_counts=true", Value::Null, "counted guild")?;
        self.step("PATCH /guilds/{guild_id}", json!({ "description": "d" }), "guild")?;
        self.step("POST /guilds", json!({ "name": "another" }), "guild").map(drop)
    }

    fn members(&mut self) -> Result<()> {
        let patch = json!({ "nick": "n", "roles": [self.places["{role_id}"]],
            "communication_disabled_until": null });
        self.step("PATCH /guilds/{guild_id}/members/{user_id}", patch, "member")?;
        self.step("PATCH /guilds/{guild_id}/members/@me", json!({ "nick": "me" }), "member")?;
        self.step("GET /guilds/{guild_id}/members/{user_id}", Value::Null, "member")?;
        self.step("GET /guilds/{guild_id}/members?limit=10", Value::Null, "member")?;
        self.step("GET /guilds/{guild_id}/members/search?query=n", Value::Null, "member")?;
        let invite = json!({ "max_age": 60, "max_uses": 5 });
        let made = self.step("POST /channels/{channel_id}/invites", invite, "managed invite")?;
        self.places.insert("{invite_code}", made["code"].as_str().context("a code")?.to_owned());
        self.step("GET /channels/{channel_id}/invites", Value::Null, "managed invite")?;
        self.step("GET /guilds/{guild_id}/invites", Value::Null, "managed invite")?;
        self.step("GET /invites/{invite_code}", Value::Null, "invite")?;
        let counted = "GET /invites/{invite_code}?with_counts=true";
        self.step(counted, Value::Null, "counted invite")?;
        let guest = self.scene.gateway.api(&self.guest);
        let accept = "POST /invites/{invite_code}";
        self.step_of(&guest, accept, json!({}), "accepted invite")?;
        self.step("DELETE /invites/{invite_code}", Value::Null, "invite")?;
        self.step_of(&guest, "DELETE /users/@me/guilds/{guild_id}", Value::Null, "")?;
        self.places.insert("{user_id}", self.guest.id.clone());
        let entry = json!({ "access_token": self.guest.token, "nick": "g" });
        self.step("PUT /guilds/{guild_id}/members/{user_id}", entry, "member").map(drop)
    }

    fn talk(&mut self) -> Result<()> {
        let messages = "/channels/{channel_id}/messages";
        let mut last = Value::Null;
        for mut body in bodies(&self.guest.id) {
            if !last.is_null() {
                body["message_reference"] = json!({ "message_id": last });
            }
            last = self.step(&format!("POST {messages}"), body, "message")?["id"].take();
        }
        self.places.insert("{message_id}", last.as_str().context("an id")?.to_owned());
        let one = format!("{messages}/{{message_id}}");
        self.step(&format!("PUT {one}/reactions/{{emoji_name}}/@me"), Value::Null, "")?;
        self.step(&format!("GET {one}/reactions/{{emoji_name}}"), Value::Null, "user")?;
        self.step(&format!("PATCH {one}"), json!({ "content": "edited" }), "message")?;
        let read = self.step(&format!("GET {one}"), Value::Null, "message")?;
        ensure!(read["reactions"][0]["count"] == 1, "{read}");
        self.step(&format!("GET {messages}?limit=10"), Value::Null, "message").map(drop)
    }

    /// What a session is told when it begins, and when something is posted.
    async fn session(&mut self) -> Result<()> {
        let shows = json!({ "activities": [{ "name": "chess", "type": 0 }], "status": "idle",
            "since": null, "afk": false });
        let route = self.scene.gateway.route(Way::WEBSOCKET);
        let [shown, watcher] = [&self.scene.readers[0], &self.scene.readers[1]];
        let mut watcher = Client::enter(&route, &Identity::bot(watcher, INTENTS)).await?;
        let mut shown = Client::enter(&route, &Identity::bot(shown, INTENTS)).await?;
        shown.send(&json!({ "op": 3, "d": shows })).await?;
        while watcher.expect("PRESENCE_UPDATE").await?.d["status"] != "idle" {}
        let mut client = Client::connect(&route).await?;
        let ready = client.identify(&Identity::bot(&self.scene.author, INTENTS)).await?;
        self.faults.extend(lacking("ready", &ready, "READY"));
        // Its guilds come in any order.
        let guild = loop {
            let guild = client.expect("GUILD_CREATE").await?.d;
            if guild["id"] == self.scene.guild.id {
                break guild;
            }
        };
        ensure!(guild["presences"].to_string().contains("chess"), "{}", guild["presences"]);
        self.faults.extend(lacking("told guild", &guild, "GUILD_CREATE"));
        let members = json!({ "guild_id": self.scene.guild.id, "query": "", "limit": 0,
            "presences": true, "nonce": "n" });
        client.send(&json!({ "op": 8, "d": members })).await?;
        let chunk = client.expect("GUILD_MEMBERS_CHUNK").await?.d;
        self.faults.extend(lacking("chunk", &chunk, "GUILD_MEMBERS_CHUNK"));
        for body in bodies(&self.guest.id) {
            self.step("POST /channels/{channel_id}/messages", body, "message")?;
            let told = client.expect("MESSAGE_CREATE").await?.d;
            self.faults.extend(lacking("told message", &told, "MESSAGE_CREATE"));
        }
        Ok(())
    }
}

/// Messages with something of everything.
fn bodies(mentioned: &str) -> [Value; 2] {
    let url = "https://example.org/a.png";
    let embed = json!({ "title": "t", "fields": [{ "name": "n", "value": "v" }],
        "author": { "name": "a", "icon_url": url }, "footer": { "text": "f" },
        "image": { "url": url }, "thumbnail": { "url": url }, "color": 5 });
    let button = json!({ "type": 2, "style": 1, "label": "l", "custom_id": "b" });
    let menu = json!({ "type": 3, "custom_id": "m", "options": [{ "label": "l", "value": "v",
        "emoji": { "name": "\u{1f44d}" } }] });
    let mut rows = vec![json!({ "type": 1, "components": [button] })];
    rows.push(json!({ "type": 1, "components": [menu] }));
    rows.extend((5..=7).map(|kind| {
        json!({ "type": 1, "components": [{ "type": kind, "custom_id": kind.to_string() }] })
    }));
    let text = json!({ "type": 10, "content": "words" });
    let picture = json!({ "type": 11, "media": { "url": url } });
    let layout = json!([
        text,
        { "type": 9, "components": [text], "accessory": picture },
        { "type": 9, "components": [text], "accessory": button },
        { "type": 12, "items": [{ "media": { "url": url } }] },
        { "type": 14 },
        { "type": 17, "components": [text,
            { "type": 1, "components": [{ "type": 8, "custom_id": "c" }] }] },
    ]);
    let content = format!("<@{mentioned}> @everyone");
    [
        json!({ "flags": 1 << 15, "components": layout }),
        json!({ "content": content, "embeds": [embed], "components": rows }),
    ]
}

#[tokio::test]
async fn all_answers_have_the_keys_that_clients_take_for_granted() -> Result<()> {
    let mut walk = Walk::begin()?;
    walk.accounts()?;
    walk.guild()?;
    walk.members()?;
    walk.talk()?;
    walk.session().await?;
    let passed_over: Vec<_> =
        walk.document.answering().into_iter().filter(|line| !walk.walked.contains(line)).collect();
    ensure!(passed_over.is_empty(), "not walked: {passed_over:#?}");
    let faults: BTreeSet<_> = walk.faults.into_iter().collect();
    ensure!(faults.is_empty(), "missing or of another type: {faults:#?}");
    Ok(())
}
