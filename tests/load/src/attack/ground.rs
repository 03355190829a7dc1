//! Where it happens: a gateway, its guild, and who is in it.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};

use super::Sizes;
use crate::gateway::Gateway;
use crate::http::Api;
use crate::scene::{Account, Scene};

/// Guilds that are made at the same time.
const MAKERS: usize = 16;
/// Accounts of attackers; more attackers share them.
pub(super) const ATTACKERS: usize = 2;

/// Where attackers are, and who they are.
#[derive(Debug)]
pub(crate) struct Ground {
    /// The public listener.
    pub(crate) public: SocketAddr,
    /// Attackers: ordinary members of the guild.
    pub(crate) guests: Vec<Guest>,
    /// The guild that everybody is in.
    pub(crate) guild: String,
    /// Its channels.
    pub(crate) channels: Vec<String>,
    /// A message there.
    pub(crate) message: String,
}

/// An attacker's account.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) account: Account,
    /// Guilds of its own.
    pub(crate) guilds: Vec<String>,
}

impl Ground {
    /// Finds everything on a gateway, and gives attackers so many guilds of their own.
    pub(super) fn survey(
        gateway: &Gateway,
        scene: &Scene,
        guests: &[Account],
        sizes: &Sizes,
        crowded: bool,
    ) -> Result<Self> {
        let author = Api::public(gateway.public, &scene.author.token);
        let path = format!("/channels/{}/messages", scene.channels[0]);
        let message = author.post(&path, &json!({ "content": "here" }))?;
        let count = if crowded { sizes.guilds } else { 1 };
        let guests = guests.iter().map(|account| {
            let guilds = guilds(&gateway.admin, account, count)?;
            Ok(Guest { account: account.clone(), guilds })
        });
        Ok(Self {
            public: gateway.public,
            guests: guests.collect::<Result<_>>()?,
            guild: scene.guild.clone(),
            channels: scene.channels.clone(),
            message: text(&message, "id")?,
        })
    }

    /// Returns the account of an attacker.
    pub(crate) fn guest(&self, number: usize) -> &Guest {
        &self.guests[number % self.guests.len()]
    }

    /// Returns the HTTP API as an attacker sees it, over a connection of its own.
    pub(crate) fn api(&self, number: usize) -> Api {
        Api::public(self.public, &self.guest(number).account.token)
    }
}

/// Makes guilds that belong to an account.
fn guilds(admin: &Api, owner: &Account, count: usize) -> Result<Vec<String>> {
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let make = || -> Result<()> {
        while next.fetch_add(1, Ordering::Relaxed) < count {
            let guild = json!({ "name": "own", "owner_id": owner.id });
            let guild = admin.post("/admin/v1/guilds", &guild)?;
            made.lock().map_err(|_| anyhow!("panicked"))?.push(text(&guild, "id")?);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let makers: Vec<_> = (0..MAKERS.min(count)).map(|_| scope.spawn(make)).collect();
        makers.into_iter().try_for_each(|maker| maker.join().map_err(|_| anyhow!("panicked"))?)
    })?;
    made.into_inner().map_err(|_| anyhow!("panicked"))
}

fn text(object: &Value, key: &str) -> Result<String> {
    let text = object[key].as_str().with_context(|| format!("no {key} in {object}"))?;
    Ok(text.to_owned())
}
