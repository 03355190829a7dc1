//! Where a session stands while it has no connection.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Client, Ledger};
use crate::Route;

/// A session without a link.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub(super) route: Route,
    pub(super) token: String,
    pub(super) session: String,
    pub(super) ledger: Ledger,
}

impl Cursor {
    pub(super) fn new(route: &Route) -> Self {
        Self {
            route: route.clone(),
            token: String::new(),
            session: String::new(),
            ledger: Ledger::default(),
        }
    }

    /// Connects to where READY said and sends RESUME; what was missed comes as events.
    ///
    /// # Errors
    ///
    /// Fails when there is no connection or no HELLO in time.
    pub async fn resume(self) -> Result<Client> {
        let route = self.route.clone();
        self.resume_over(&route).await
    }

    /// As [`Cursor::resume`], another way.
    ///
    /// # Errors
    ///
    /// Fails when there is no connection or no HELLO in time.
    pub async fn resume_over(mut self, route: &Route) -> Result<Client> {
        let mut client = Client::connect(route).await?;
        let (token, session, seq) = (&self.token, &self.session, self.ledger.settled());
        let d = json!({ "token": token, "session_id": session, "seq": seq });
        client.send(&json!({ "op": 6, "d": d })).await?;
        self.ledger.relink(route.has_lanes());
        self.route = route.clone();
        client.cursor = self;
        Ok(client)
    }

    /// Returns the number up to which nothing is missing.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.ledger.settled()
    }

    /// Stands at an earlier number, as if nothing had come after it.
    #[must_use]
    pub fn rewound(mut self, seq: u64) -> Self {
        self.ledger = Ledger::at(seq);
        self
    }

    /// Notes what READY says about the session.
    pub(super) fn begin(&mut self, ready: &Value) -> Result<()> {
        let text = |key: &str| ready[key].as_str().with_context(|| format!("READY lacks {key}"));
        text("session_id")?.clone_into(&mut self.session);
        self.route.follow(text("resume_gateway_url")?)
    }
}
