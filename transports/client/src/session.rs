//! What a client keeps between links: which session it has, and how much of it has arrived.

use serde_json::{Map, Value, json};
use throng_proto::gateway::opcode;

use crate::builder::Identity;
use crate::event::Ready;
use crate::settled::Settled;
use crate::wishes::{Presence, Told};

/// A session, or the lack of one.
#[derive(Debug, Default)]
pub(crate) struct Session {
    cursor: Option<Cursor>,
    pub(crate) settled: Settled,
    pub(crate) told: Told,
}

#[derive(Debug)]
struct Cursor {
    id: String,
    /// Where to resume over WebSocket, if not where the client was built for.
    url: Option<String>,
}

impl Session {
    /// Tells whether there is something to resume.
    pub(crate) const fn is_open(&self) -> bool {
        self.cursor.is_some()
    }

    /// Begins with READY. `secure` says that the token has only travelled encrypted so far; then
    /// it is not sent where it would not be.
    pub(crate) fn open(&mut self, ready: &Ready, secure: bool) {
        let url = ready.resume_gateway_url.clone();
        let url = Some(url).filter(|url| !secure || url.starts_with("wss://"));
        self.cursor = Some(Cursor { id: ready.session_id.clone(), url });
    }

    /// Gives the session up; `false` when there was none.
    pub(crate) fn forget(&mut self) -> bool {
        self.cursor.take().is_some()
    }

    /// Returns where to resume over WebSocket.
    pub(crate) fn url(&self) -> Option<&str> {
        self.cursor.as_ref()?.url.as_deref()
    }

    /// Resumes where the client was built for from now on.
    pub(crate) fn forget_url(&mut self) {
        if let Some(cursor) = &mut self.cursor {
            cursor.url = None;
        }
    }

    /// Returns the first payload on a link: RESUME, or IDENTIFY without a session.
    pub(crate) fn introduction(
        &mut self,
        identity: &Identity,
        presence: Option<&Presence>,
    ) -> String {
        if let Some(Cursor { id, .. }) = &self.cursor {
            self.settled.relink();
            self.told.doubt();
            let token = identity.token.expose();
            let data = json!({ "token": token, "session_id": id, "seq": self.settled.through() });
            return json!({ "op": opcode::RESUME, "d": data }).to_string();
        }
        self.settled = Settled::default();
        self.told = Told::fresh(presence.cloned());
        identify(identity, presence)
    }
}

/// Builds IDENTIFY.
pub(crate) fn identify(identity: &Identity, presence: Option<&Presence>) -> String {
    let mut data = Map::new();
    let mut say = |key: &str, value: Value| data.insert(key.to_owned(), value);
    say("token", identity.token.expose().into());
    say("properties", Value::Object(identity.properties.clone()));
    if let Some(intents) = identity.intents {
        say("intents", intents.bits().into());
    }
    if identity.capabilities != 0 {
        say("capabilities", identity.capabilities.into());
    }
    if let Some(threshold) = identity.large_threshold {
        say("large_threshold", threshold.into());
    }
    if let Some(shard) = identity.shard {
        say("shard", json!(shard));
    }
    if let Some(presence) = presence {
        say("presence", json!(presence));
    }
    json!({ "op": opcode::IDENTIFY, "d": data }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(url: &str) -> Ready {
        let user = json!({ "id": "1", "username": "ada" });
        let ready = json!({
            "user": user, "guilds": [], "session_id": "feed", "resume_gateway_url": url,
        });
        serde_json::from_value(ready).expect("READY")
    }

    #[test]
    fn a_token_that_travelled_encrypted_is_not_resumed_in_the_open() {
        let mut session = Session::default();
        session.open(&ready("ws://elsewhere"), true);
        assert_eq!((session.is_open(), session.url()), (true, None));
        session.open(&ready("wss://elsewhere"), true);
        assert_eq!(session.url(), Some("wss://elsewhere"));
        session.open(&ready("ws://elsewhere"), false);
        assert_eq!(session.url(), Some("ws://elsewhere"));
    }
}
