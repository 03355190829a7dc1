//! What a run plays in: users, a guild, channels.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};

use crate::clock::Moment;
use crate::http::Api;

/// Connections that users are made over at the same time, so that commits are shared.
const MAKERS: usize = 64;
/// A channel that nobody sees but the owner of the guild.
const STUDY: &str = "study";
/// VIEW_CHANNEL.
const VIEW: &str = "1024";

/// A guild, who is in it, and where it talks.
#[derive(Debug)]
pub(crate) struct Scene {
    /// Who posts, and owns the guild.
    pub(crate) author: Account,
    /// The guild.
    pub(crate) guild: String,
    /// Who listens.
    pub(crate) listeners: Vec<Account>,
    /// Where everybody listens.
    pub(crate) channels: Vec<String>,
    /// Where nobody does.
    pub(crate) study: String,
}

/// A user.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Scene {
    /// Makes so many users and a guild with all of them.
    pub(crate) fn found(admin: &Api, listeners: usize, channels: usize) -> Result<Self> {
        // Names of an earlier run on the same gateway are taken.
        let run = Moment::now().nanos();
        let author = account(admin, &format!("author{run}"))?;
        let listeners = accounts(admin, listeners, run)?;
        let members: Vec<_> = listeners.iter().map(|user| json!({ "user_id": user.id })).collect();
        let mut plans: Vec<_> =
            (0..channels).map(|n| json!({ "name": format!("talk{n}") })).collect();
        let hidden = json!([{ "id": "@everyone", "deny": VIEW }]);
        plans.push(json!({ "name": STUDY, "permission_overwrites": hidden }));
        let guild = json!({
            "name": "load", "owner_id": author.id, "channels": plans, "members": members,
        });
        let guild = admin.post("/admin/v1/guilds", &guild)?;
        let made = guild["channels"].as_array().context("a guild without channels")?;
        let (study, talk): (Vec<_>, Vec<_>) =
            made.iter().partition(|channel| channel["name"] == STUDY);
        let channels = talk.into_iter().map(|channel| text(channel, "id"));
        let study = text(study.first().context("no study")?, "id")?;
        let channels = channels.collect::<Result<_>>()?;
        Ok(Self { author, guild: text(&guild, "id")?, listeners, channels, study })
    }
}

fn accounts(admin: &Api, count: usize, run: u64) -> Result<Vec<Account>> {
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let make = || -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let account = account(admin, &format!("listener{run}.{number}"))?;
            made.lock().map_err(|_| anyhow!("panicked"))?.push(account);
        }
    };
    thread::scope(|scope| {
        let makers: Vec<_> = (0..MAKERS.min(count)).map(|_| scope.spawn(make)).collect();
        makers.into_iter().try_for_each(|maker| maker.join().map_err(|_| anyhow!("panicked"))?)
    })?;
    made.into_inner().map_err(|_| anyhow!("panicked"))
}

fn account(admin: &Api, username: &str) -> Result<Account> {
    let made = admin.post("/admin/v1/users", &json!({ "username": username, "bot": true }))?;
    Ok(Account { id: text(&made, "id")?, token: text(&made, "token")? })
}

fn text(object: &Value, key: &str) -> Result<String> {
    let text = object[key].as_str().with_context(|| format!("no {key} in {object}"))?;
    Ok(text.to_owned())
}
