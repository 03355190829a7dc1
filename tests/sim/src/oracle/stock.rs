//! Which messages there are, with their reactions: no event is about what is gone, and none tells
//! what was told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use throng_engine::event::Event;
use throng_proto::event::EventKind;

use super::entry::payload;

/// Messages of a guild.
#[derive(Debug, Default)]
pub(super) struct Stock {
    /// Those that are there, with who reacted with what.
    messages: BTreeMap<String, BTreeSet<(String, String)>>,
    /// How often each text was posted.
    texts: BTreeMap<String, usize>,
}

impl Stock {
    pub(super) fn posts(&self, text: &str) -> usize {
        self.texts.get(&Value::from(text).to_string()).copied().unwrap_or(0)
    }

    /// Takes an event about a message.
    ///
    /// # Errors
    ///
    /// It is about what is gone, or tells what was told (G4).
    pub(super) fn take(&mut self, event: &Event) -> Result<(), String> {
        let names = event.kind.name();
        if !names.starts_with("MESSAGE_") {
            return Ok(());
        }
        let Some(payload) = payload(&event.body) else { return Err(format!("{names} is no JSON")) };
        let fits = self.apply(event.kind, &payload);
        let (sequence, guild) = (event.sequence, event.guild);
        fits.ok_or_else(|| format!("G4: {names} {sequence} of {guild} is about what is not so"))
    }

    fn apply(&mut self, kind: EventKind, payload: &Value) -> Option<()> {
        let id = payload["id"].as_str().or_else(|| payload["message_id"].as_str());
        if kind == EventKind::MessageDeleteBulk {
            let mut ids = payload["ids"].as_array()?.iter();
            return ids.try_for_each(|id| self.messages.remove(id.as_str()?).map(drop));
        }
        let id = id?;
        if kind == EventKind::MessageCreate {
            *self.texts.entry(payload["content"].to_string()).or_default() += 1;
            let fresh = self.messages.insert(id.to_owned(), BTreeSet::new()).is_none();
            return fresh.then_some(());
        }
        if kind == EventKind::MessageDelete {
            return self.messages.remove(id).map(drop);
        }
        let reactions = self.messages.get_mut(id)?;
        let emoji = payload["emoji"]["name"].as_str().unwrap_or_default().to_owned();
        let user = payload["user_id"].as_str().unwrap_or_default().to_owned();
        let fits = match kind {
            EventKind::MessageReactionAdd => reactions.insert((user, emoji)),
            EventKind::MessageReactionRemove => reactions.remove(&(user, emoji)),
            EventKind::MessageReactionRemoveAll => {
                reactions.clear();
                true
            }
            EventKind::MessageReactionRemoveEmoji => {
                reactions.retain(|(_, other)| *other != emoji);
                true
            }
            _ => true,
        };
        fits.then_some(())
    }
}
