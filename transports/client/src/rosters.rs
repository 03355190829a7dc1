//! Requests for members: repeated until their first chunk comes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use throng_proto::gateway::opcode;
use throng_proto::id::{GuildId, UserId};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::backoff::ASKED_MAX;

/// Whom to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// Everybody.
    All,
    /// Those whose names begin with a text, at most 100.
    Named(String),
    /// These, at most 100.
    Users(Vec<UserId>),
}

/// A request for members.
#[derive(Debug)]
pub(crate) struct Roster {
    pub(crate) nonce: String,
    pub(crate) payload: String,
    pub(crate) deadline: Instant,
    /// Its place among those that may be under way.
    pub(crate) _permit: OwnedSemaphorePermit,
}

/// Every request for members that nothing has answered.
#[derive(Debug, Default)]
pub(crate) struct Rosters(BTreeMap<String, Waiting>);

#[derive(Debug)]
struct Waiting {
    roster: Roster,
    /// When to send it; `None` when it was sent on this link.
    due: Option<Instant>,
}

/// Builds op 8.
pub(crate) fn payload(guild: GuildId, members: &Members, nonce: &str) -> String {
    let mut data = json!({ "guild_id": guild, "nonce": nonce });
    match members {
        Members::All => {
            data["query"] = Value::String(String::new());
            data["limit"] = 0.into();
        }
        Members::Named(prefix) => {
            data["query"] = Value::String(prefix.clone());
            data["limit"] = 100.into();
        }
        Members::Users(users) => data["user_ids"] = json!(users),
    }
    json!({ "op": opcode::REQUEST_GUILD_MEMBERS, "d": data }).to_string()
}

impl Rosters {
    /// Takes a request.
    pub(crate) fn add(&mut self, now: Instant, roster: Roster) {
        self.0.insert(roster.nonce.clone(), Waiting { roster, due: Some(now) });
    }

    /// Returns the next payload that is due, and counts it as sent.
    pub(crate) fn next(&mut self, now: Instant) -> Option<String> {
        let waiting =
            self.0.values_mut().find(|waiting| waiting.due.is_some_and(|at| at <= now))?;
        waiting.due = None;
        Some(waiting.roster.payload.clone())
    }

    /// Counts a request as answered.
    pub(crate) fn answer(&mut self, nonce: &str) {
        self.0.remove(nonce);
    }

    /// Puts a request off that came too soon; its deadline moves along, because whole lists are
    /// limited to one in 30 seconds.
    pub(crate) fn postpone(&mut self, now: Instant, nonce: &str, retry_after: f64) {
        let wait = Duration::try_from_secs_f64(retry_after).unwrap_or(ASKED_MAX).min(ASKED_MAX);
        if let Some(waiting) = self.0.get_mut(nonce) {
            waiting.due = Some(now + wait);
            waiting.roster.deadline += wait;
        }
    }

    /// Sends everything again on the next link.
    pub(crate) fn unlink(&mut self, now: Instant) {
        for waiting in self.0.values_mut() {
            waiting.due = waiting.due.or(Some(now));
        }
    }

    /// Gives up what was not answered in time.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.0.retain(|_, waiting| waiting.roster.deadline > now);
    }

    /// Returns when the next request is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.0.values().filter_map(|waiting| waiting.due).min()
    }

    /// Returns when the next request is too late.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.values().map(|waiting| waiting.roster.deadline).min()
    }
}
