//! What a run plays in: users, a guild, channels.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};

use crate::http::Api;

/// Connections that users are made over at the same time, so that commits are shared.
const MAKERS: usize = 64;

/// A guild, who is in it, and where it talks.
#[derive(Debug)]
pub(crate) struct Scene {
    /// Who posts.
    pub(crate) author: Account,
    /// Who listens.
    pub(crate) listeners: Vec<Account>,
    /// Where it is posted.
    pub(crate) channels: Vec<String>,
}

/// A user.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    id: String,
    pub(crate) token: String,
}

impl Scene {
    /// Makes so many users and a guild with all of them.
    pub(crate) fn found(admin: &Api, listeners: usize, channels: usize) -> Result<Self> {
        let author = account(admin, "author")?;
        let listeners = accounts(admin, listeners)?;
        let members: Vec<_> = listeners.iter().map(|user| json!({ "user_id": user.id })).collect();
        let named: Vec<_> =
            (0..channels).map(|n| json!({ "name": format!("channel{n}"), "type": 0 })).collect();
        let guild = json!({
            "name": "load", "owner_id": author.id, "channels": named, "members": members,
        });
        let guild = admin.post("/admin/v1/guilds", &guild)?;
        let made = guild["channels"].as_array().context("a guild without channels")?;
        let channels = made.iter().map(|channel| text(channel, "id")).collect::<Result<_>>()?;
        Ok(Self { author, listeners, channels })
    }
}

fn accounts(admin: &Api, count: usize) -> Result<Vec<Account>> {
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let make = || -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let account = account(admin, &format!("listener{number}"))?;
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
