//! Deleting messages.

use std::collections::BTreeSet;

use serde::Serialize;
use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::payload::{MessageDeleted, MessagesDeleted};
use throng_proto::id::{ChannelId, MessageId};
use throng_proto::json;
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use crate::guild::Guild;
use crate::guild::authority::Authority;
use crate::guild::ledger::Key;
use crate::guild::plan::{Decided, Decision, Draft, Plan};

impl Guild {
    /// Deletes one's own message, or anybody's with MANAGE_MESSAGES.
    pub(in crate::guild) fn message_delete(&mut self, who: &Authority, key: Key) -> Decided {
        let channel = who.need_in(key.0, Permissions::NONE)?.id;
        let own = who.is(self.there(key)?.author);
        let needed = if own { Permissions::NONE } else { Permissions::MANAGE_MESSAGES };
        who.need_in(channel, needed)?;
        self.remember(who, key);
        let (guild_id, id) = (self.shape.id(), key.1);
        let payload = MessageDeleted { channel_id: channel, guild_id, id };
        deletion(EventKind::MessageDelete, channel, vec![key.1], &payload)
    }

    /// Remembers a message for whoever repeats its post.
    fn remember(&mut self, who: &Authority, key: Key) {
        let until = key.1.created_at().after(self.config.nonce_window);
        let Ok((_, message)) = self.readable(key) else { return };
        if until > who.now && message.nonce.is_some() {
            let answer = json::text(&self.as_shown(message, None));
            self.removed.insert(who.now, until, key.1, answer);
        }
    }

    /// Deletes several messages at once, as far as they exist.
    pub(in crate::guild) fn bulk_delete(
        &mut self,
        who: &Authority,
        channel: ChannelId,
        ids: Vec<MessageId>,
    ) -> Decided {
        let channel = who.need_in(channel, Permissions::MANAGE_MESSAGES)?.id;
        let max = self.config.bulk_delete_max;
        let ids: BTreeSet<MessageId> = ids.into_iter().collect();
        if ids.len() < 2 || ids.len() > max {
            let message = format!("Must be between 2 and {max} in length.");
            return Err(Refusal::field("messages", "BASE_TYPE_BAD_LENGTH", message));
        }
        let age_max = self.config.bulk_delete_age_max;
        if let Some(oldest) = ids.first()
            && who.now.since(oldest.created_at()) > age_max
        {
            let days = age_max.as_secs() / (24 * 3600);
            let message = format!("Message {oldest} is older than {days} days.");
            return Err(Refusal::field("messages", "BULK_DELETE_TOO_OLD", message));
        }
        let ids: Vec<MessageId> =
            ids.into_iter().filter(|id| self.there((channel, *id)).is_ok()).collect();
        if ids.is_empty() {
            return Ok(Decision::nothing());
        }
        ids.iter().for_each(|id| self.remember(who, (channel, *id)));
        let guild_id = self.shape.id();
        let payload = MessagesDeleted { channel_id: channel, guild_id, ids: &ids };
        deletion(EventKind::MessageDeleteBulk, channel, ids.clone(), &payload)
    }
}

fn deletion(
    kind: EventKind,
    channel: ChannelId,
    ids: Vec<MessageId>,
    payload: &impl Serialize,
) -> Decided {
    Plan {
        writes: vec![Write::MessageDelete(channel, ids)],
        events: vec![Draft::new(kind, Scope::Channel(channel), payload)],
        ..Plan::default()
    }
    .decided()
}
