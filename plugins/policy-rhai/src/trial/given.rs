//! Facts that people wrote down, in fixtures and in files, with the rest filled in.

pub mod parse;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rhai::Dynamic;
use serde::Deserialize;
use throng_engine::policy::{
    Act, AttachmentFacts, GuildFacts, LagFacts, NodeFacts, PublishFacts, RelayFacts, SessionFacts,
};
use throng_proto::id::Id;
use throng_proto::intents::Intents;
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;

use crate::api::{Attachment, SessionCard};
use crate::fact::Subject;
use crate::hook::Hook;
use crate::question::Question;

pub use parse::GivenError;

/// Noon of 2026-01-01, a Thursday: what time it is where nobody says.
pub const NOON: Timestamp = Timestamp::from_millis(1_767_268_800_000);

type Table = BTreeMap<String, Dynamic>;

/// Facts as people write them down: what they leave out has a plain value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// When, in RFC 3339.
    pub now: Option<String>,
    /// About the session.
    pub session: Table,
    /// About the guild.
    pub guild: Table,
    /// About what is to be published.
    pub event: Table,
    /// About who publishes.
    pub author: Table,
    /// About where it is published.
    pub channel: Table,
    /// About the node.
    pub node: Table,
    /// Relays to choose from.
    pub relays: Vec<Table>,
}

impl Given {
    /// Reads a file of facts: JSON when its name ends so, else TOML.
    ///
    /// # Errors
    ///
    /// The text is neither, or has a table that does not exist.
    pub fn read(path: &Path, text: &str) -> Result<Self, GivenError> {
        let text = text.trim_start_matches('\u{feff}');
        let json = path.extension().is_some_and(|ending| ending == "json")
            || text.trim_start().starts_with('{');
        if json {
            serde_json::from_str(text).map_err(|error| GivenError::new(error.to_string()))
        } else {
            toml::from_str(text).map_err(|error| GivenError::new(error.to_string()))
        }
    }

    /// Fills the rest in.
    ///
    /// # Errors
    ///
    /// A fact does not exist, or cannot have that value.
    pub fn scene(&self) -> Result<Scene, GivenError> {
        let scene = Scene::default();
        let event = parse::publish(scene.event, Subject::Event, entries(&self.event))?;
        let event = parse::publish(event, Subject::Author, entries(&self.author))?;
        Ok(Scene {
            now: self
                .now
                .as_deref()
                .map_or(Ok(NOON), parse::moment)
                .map_err(|error| error.at("now"))?,
            session: parse::session(entries(&self.session))?,
            guild: parse::guild(entries(&self.guild))?,
            event: parse::publish(event, Subject::Channel, entries(&self.channel))?,
            node: parse::node(entries(&self.node))?,
            relays: self
                .relays
                .iter()
                .map(|one| parse::relay(entries(one)))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn entries(table: &Table) -> impl Iterator<Item = (&str, &Dynamic)> {
    table.iter().map(|(name, value)| (name.as_str(), value))
}

/// Every fact there can be; a hook is asked with those that it knows.
#[derive(Clone, Debug)]
pub struct Scene {
    /// When.
    pub now: Timestamp,
    /// A session with its attachment and how far it is behind.
    pub session: SessionCard,
    /// A guild.
    pub guild: GuildFacts,
    /// Something to be published.
    pub event: PublishFacts,
    /// A node.
    pub node: NodeFacts,
    /// Relays to choose from.
    pub relays: Vec<RelayFacts>,
}

impl Default for Scene {
    fn default() -> Self {
        let session = SessionFacts {
            user: Id::new(1),
            bot: false,
            capabilities: 0,
            intents: Intents::ALL,
            afk: false,
            status: Status::Online,
            connection: Arc::default(),
        };
        let attachment = Attachment {
            roles: Vec::new(),
            permissions: Permissions::NONE,
            subscribed: false,
            mode: None,
        };
        let lag = LagFacts { events: 0, bytes: 0 };
        Self {
            now: NOON,
            session: SessionCard { session, attachment: Some(attachment), lag: Some(lag) },
            guild: GuildFacts { guild: Id::new(2), members: 100, attachments: 10, relays: 1 },
            event: PublishFacts {
                act: Act::Message,
                author: Id::new(1),
                bot: false,
                guild: Id::new(2),
                channel: Id::new(3),
                length: 20,
                everyone: false,
            },
            node: NodeFacts::usual(0),
            relays: Vec::new(),
        }
    }
}

impl Scene {
    /// Puts a hook's question about the scene to somebody.
    pub fn put<T>(&self, hook: Hook, to: impl FnOnce(&Question<'_>) -> T) -> T {
        let (session, guild) = (&self.session.session, &self.guild);
        let attachment = self.attachment();
        let lag = self.session.lag.unwrap_or(LagFacts { events: 0, bytes: 0 });
        to(&match hook {
            Hook::Connect => Question::Connect { session },
            Hook::Passivity => Question::Passivity { session, guild, attachment: &attachment },
            Hook::Delivery => Question::Delivery { guild },
            Hook::Relays => Question::Relays { guild },
            Hook::Relay => Question::Relay { session, guild, relays: &self.relays },
            Hook::Publish => Question::Publish { event: &self.event },
            Hook::Lag => Question::Lag { session, lag: &lag },
            Hook::Overload => Question::Overload { node: &self.node },
        })
    }

    fn attachment(&self) -> AttachmentFacts<'_> {
        let attachment = self.session.attachment.as_ref();
        AttachmentFacts {
            roles: attachment.map_or(&[], |attachment| &attachment.roles),
            permissions: attachment.map_or(Permissions::NONE, |attachment| attachment.permissions),
            subscribed: attachment.is_some_and(|attachment| attachment.subscribed),
            mode: attachment.and_then(|attachment| attachment.mode),
        }
    }
}
