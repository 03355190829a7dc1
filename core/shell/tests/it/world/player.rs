//! A client that checks the numbers of everything it is sent.

use serde_json::{Value, json};
use throng_transport_memory::Client;

use super::{Account, patient};

/// Intents of a client that hears of structure, members, messages and typing, but not of
/// presences: GUILDS, GUILD_MEMBERS, GUILD_MESSAGES, GUILD_MESSAGE_TYPING, MESSAGE_CONTENT.
const QUIET: u64 = 1 | 1 << 1 | 1 << 9 | 1 << 11 | 1 << 15;

/// What IDENTIFY says by default.
pub(crate) fn identify(account: &Account) -> Value {
    json!({"token": account.token, "intents": QUIET, "properties": {}})
}

/// A client of one session.
pub(crate) struct Player {
    pub(crate) link: Client,
    pub(crate) account: Account,
    pub(crate) session: String,
    /// Of the last dispatch.
    pub(crate) sequence: u64,
    /// Guilds that READY named.
    pub(crate) guilds: usize,
}

impl Player {
    pub(crate) fn new(link: Client, account: Account) -> Self {
        Self { link, account, session: String::new(), sequence: 0, guilds: 0 }
    }

    pub(crate) fn send(&self, op: u8, d: &Value) {
        self.link.send(json!({"op": op, "d": d}).to_string());
    }

    pub(crate) fn ask_resume(&self) {
        let (token, session) = (&self.account.token, &self.session);
        self.send(6, &json!({"token": token, "session_id": session, "seq": self.sequence}));
    }

    /// Takes the next payload, `None` at the link's end. Dispatches must count on by one.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let payload = patient(self.link.recv()).await?;
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        if payload["op"] == 0 {
            self.sequence += 1;
            assert_eq!(payload["s"], self.sequence, "{payload}");
        }
        Some(payload)
    }

    /// Takes the next payload, which must be a dispatch of this kind, and returns what it says.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        let mut payload = self.next().await.expect("the link should not end");
        assert_eq!(payload["t"], kind, "{payload}");
        payload["d"].take()
    }

    /// Takes the next payload, which must be a message that says this.
    pub(crate) async fn expect_message(&mut self, content: &str) {
        assert_eq!(self.expect("MESSAGE_CREATE").await["content"], content);
    }

    /// Takes payloads up to the first dispatch of a kind.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            let mut payload = self.next().await.expect("the link should not end");
            if payload["t"] == kind {
                return payload["d"].take();
            }
        }
    }

    /// Takes the next payload, which must not be a dispatch.
    pub(crate) async fn control(&mut self) -> Value {
        let payload = self.next().await.expect("the link should not end");
        assert_ne!(payload["op"], 0, "{payload}");
        payload
    }

    /// Waits until everything that was sent before has been read.
    pub(crate) async fn beat(&mut self) {
        self.send(1, &json!(self.sequence));
        assert_eq!(self.control().await["op"], 11);
    }

    /// Takes everything up to the link's end, which must be now, and returns its code.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        if let Some(payload) = self.next().await {
            panic!("the link should have ended: {payload}");
        }
        self.link.close_code()
    }

    /// Drops the connection, keeping what is needed to resume.
    pub(crate) fn lose(self) -> (String, Account, u64) {
        (self.session, self.account, self.sequence)
    }
}
