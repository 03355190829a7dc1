//! Who a client says that it is.

use serde_json::{Value, json};

use crate::Account;

/// What an IDENTIFY says beside the token.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(super) token: String,
    body: Value,
}

impl Identity {
    /// Describes a bot that wants `intents`.
    #[must_use]
    pub fn bot(account: &Account, intents: u64) -> Self {
        Self::new(account, json!({ "intents": intents }))
    }

    /// Describes a user account with `capabilities`, which gets every event that its mode allows.
    #[must_use]
    pub fn user(account: &Account, capabilities: u64) -> Self {
        Self::new(account, json!({ "capabilities": capabilities }))
    }

    /// Asks for payload compression.
    #[must_use]
    pub fn compressed(mut self) -> Self {
        self.body["compress"] = true.into();
        self
    }

    /// Returns the whole command.
    #[must_use]
    pub(crate) fn command(&self) -> Value {
        json!({ "op": 2, "d": self.body })
    }

    fn new(account: &Account, mut body: Value) -> Self {
        body["token"] = account.token.as_str().into();
        body["properties"] = json!({ "os": "linux", "browser": "e2e", "device": "e2e" });
        Self { token: account.token.clone(), body }
    }
}
