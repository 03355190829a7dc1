//! Floods of payloads over links.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::attack::{Blow, Ground, Guest, Strike, Wire};
use crate::shard::talk;

/// GUILDS, GUILD_MEMBERS, GUILD_PRESENCES, GUILD_MESSAGES and MESSAGE_CONTENT.
const INTENTS: u64 = talk::INTENTS | 1 << 1 | 1 << 8;
/// Payloads that a link takes in a minute, but for two; then the attacker takes another link.
const PAYLOADS: u32 = 118;
/// Guilds of one op 37: what fits a payload.
const SUBSCRIBED: usize = 40;

/// Says the same few payloads in turn, on one link after the other.
struct Chatter {
    wire: Wire,
    all: Vec<String>,
    said: u32,
}

impl Chatter {
    fn enter(ground: &Ground, guest: &Guest, all: Vec<String>) -> Result<Box<dyn Strike>> {
        let (wire, _) = Wire::enter(ground.public, &guest.account.token, INTENTS)?;
        Ok(Box::new(Self { wire, all, said: 0 }))
    }
}

impl Strike for Chatter {
    fn strike(&mut self) -> Result<Blow> {
        anyhow::ensure!(self.said < PAYLOADS, "it has said enough");
        self.wire.say(&self.all[self.said as usize % self.all.len()])?;
        self.said += 1;
        Ok(if self.wire.drain()? { Blow::Refused } else { Blow::Taken })
    }
}

/// Shows another status each time.
pub(in crate::attack) fn presences(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let show = |status: &str| {
        let d = json!({ "since": null, "activities": [], "status": status, "afk": false });
        json!({ "op": 3, "d": d }).to_string()
    };
    let all = ["online", "idle", "dnd"].map(show).to_vec();
    Chatter::enter(ground, ground.guest(number), all)
}

/// Looks for members.
pub(in crate::attack) fn members(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let d = json!({ "guild_id": ground.guild, "query": "l", "limit": 100 });
    let all = vec![json!({ "op": 8, "d": d }).to_string()];
    Chatter::enter(ground, ground.guest(number), all)
}

/// Subscribes to many guilds.
pub(in crate::attack) fn subscriptions(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let guest = ground.guest(number);
    let bulk = |typing: bool| {
        let one = json!({ "typing": typing, "members": [] });
        let all = guest.guilds.iter().take(SUBSCRIBED).map(|guild| (guild.clone(), one.clone()));
        json!({ "op": 37, "d": { "subscriptions": Value::Object(Map::from_iter(all)) } })
            .to_string()
    };
    Chatter::enter(ground, guest, vec![bulk(true), bulk(false)])
}

/// Asks the HTTP API over a link.
pub(in crate::attack) fn requests(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let (wire, _) = Wire::enter(ground.public, &ground.guest(number).account.token, INTENTS)?;
    let path = format!("/guilds/{}/members?limit=1000", ground.guild);
    Ok(Box::new(Asking { wire, path, number: 0 }))
}

struct Asking {
    wire: Wire,
    path: String,
    number: u64,
}

impl Strike for Asking {
    fn strike(&mut self) -> Result<Blow> {
        let d = json!({ "id": self.number, "method": "GET", "path": self.path, "body": null });
        self.number += 1;
        self.wire.say(&json!({ "op": 100, "d": d }).to_string())?;
        let answer = self.wire.until(|heard| heard.op == 101)?;
        Ok(if answer.refuses() { Blow::Refused } else { Blow::Taken })
    }
}

/// Begins sessions.
pub(in crate::attack) fn identifies(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let token = ground.guest(number).account.token.clone();
    Ok(Box::new(Beginner { server: ground.public, token }))
}

struct Beginner {
    server: std::net::SocketAddr,
    token: String,
}

impl Strike for Beginner {
    fn strike(&mut self) -> Result<Blow> {
        // Without a session's id it was told to begin later.
        let begun = Wire::enter(self.server, &self.token, INTENTS);
        Ok(if begun.is_ok() { Blow::Taken } else { Blow::Refused })
    }
}

/// Resumes one session from its beginning.
pub(in crate::attack) fn resumes(ground: &Ground, number: usize) -> Result<Box<dyn Strike>> {
    let token = ground.guest(number).account.token.clone();
    let (mut wire, session) = Wire::enter(ground.public, &token, INTENTS)?;
    wire.until(|heard| heard.t.as_deref() == Some("GUILD_CREATE"))?;
    Ok(Box::new(Returner { server: ground.public, token, session, from: 1 }))
}

struct Returner {
    server: std::net::SocketAddr,
    token: String,
    session: String,
    from: u32,
}

impl Strike for Returner {
    fn strike(&mut self) -> Result<Blow> {
        let mut wire = Wire::open(self.server)?;
        wire.say(&talk::resume(&self.token, &self.session, self.from))?;
        let end = wire.until(|heard| heard.t.as_deref() == Some("RESUMED") || heard.op == 9);
        match end {
            // The session is gone: another one is begun.
            Ok(end) if end.op == 9 => anyhow::bail!("begin anew"),
            Ok(_) => Ok(Blow::Taken),
            Err(_) => Ok(Blow::Refused),
        }
    }
}
