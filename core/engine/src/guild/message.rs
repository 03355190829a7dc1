//! Messages: posting, editing, deleting, and typing.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use throng_proto::command::{Actor, MessageDraft, MessagePatch, Reply};
use throng_proto::event::{EventKind, Mentions, Scope};
use throng_proto::id::{ChannelId, MessageId};
use throng_proto::model::{
    Channel, Content, Message, MessageEvent, MessageKind, MessageReference, Nonce, Profile, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::form::{length, range};
use super::mention::{self, Resolved};
use super::nonce::{NonceKey, Posted};
use super::plan::{Effect, Happening, Plan};
use super::{Guild, Ticket};
use crate::event::Change;

/// Flags that a client may set: no embeds, no notifications, components of version 2.
const FLAGS: u64 = 1 << 2 | 1 << 12 | 1 << 15;
/// Characters of a nonce.
const NONCE_MAX: usize = 25;
/// How old messages may be that are deleted at once.
const BULK_AGE_MAX: Duration = Duration::from_secs(14 * 24 * 3_600);

impl Guild {
    pub(super) fn message_create(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        ticket: Ticket,
        channel: ChannelId,
        draft: MessageDraft,
    ) -> Result<Plan, Refusal> {
        let author = Self::someone(actor)?;
        let (channel, granted) =
            self.in_channel(now, actor, channel, Permissions::SEND_MESSAGES)?;
        if !channel.kind.has_messages() {
            return Err(Refusal::NonTextChannel);
        }
        if draft.referenced.is_some() && !granted.contains(Permissions::READ_MESSAGE_HISTORY) {
            return Err(Refusal::MissingPermissions);
        }
        self.check_draft(&draft)?;
        let key = nonce_key(author, &draft);
        if let Some(posted) = key.as_ref().and_then(|key| self.nonces.find(key, now)) {
            return Ok(repeat(posted));
        }
        self.check_pace(now, author, &channel, granted)?;
        let (message, resolved) = self.compose(now, ticket, author, &channel, granted, draft);
        let reply = Reply::json(&message);
        let happening =
            self.announce(EventKind::MessageCreate, &message, &channel, resolved.notified);
        let mut effects = vec![Effect::LastMessage(channel.id, message.id)];
        if let Some(key) = key {
            self.nonces.note(key.clone(), now, ticket);
            effects.push(Effect::Nonce(key, reply.clone()));
        }
        let happening =
            Happening { change: Change::LastMessage(channel.id, message.id), ..happening };
        let writes = vec![Write::Message(Box::new(message))];
        Ok(Plan { writes, happenings: vec![happening], effects, reply, joins: None })
    }

    fn check_draft(&self, draft: &MessageDraft) -> Result<(), Refusal> {
        let content = draft.content.as_deref().unwrap_or_default();
        length("content", content, 0, self.limits.content_max)?;
        range("embeds", draft.embeds.len() as u64, 0, self.limits.embeds_max as u64)?;
        range("sticker_ids", draft.sticker_ids.len() as u64, 0, 3)?;
        if let Some(Nonce::Text(nonce)) = &draft.nonce {
            length("nonce", nonce, 0, NONCE_MAX)?;
        }
        mention::check(draft.allowed_mentions.as_ref())?;
        let empty = content.trim().is_empty()
            && draft.embeds.is_empty()
            && draft.components.is_empty()
            && draft.sticker_ids.is_empty()
            && draft.attachments.is_empty();
        if empty { Err(Refusal::EmptyMessage) } else { Ok(()) }
    }

    /// Checks the channel's slow mode.
    fn check_pace(
        &mut self,
        now: Timestamp,
        author: &User,
        channel: &Channel,
        granted: Permissions,
    ) -> Result<(), Refusal> {
        let exempt = Permissions::MANAGE_MESSAGES | Permissions::MANAGE_CHANNELS;
        if channel.rate_limit_per_user == 0 || (granted & exempt) != Permissions::NONE {
            return Ok(());
        }
        let pause = Duration::from_secs(u64::from(channel.rate_limit_per_user));
        let key = (channel.id, author.id);
        if let Some(last) = self.last_posts.get(&key)
            && now.since(*last) < pause
        {
            return Err(Refusal::RateLimited { retry_after: pause - now.since(*last) });
        }
        if self.last_posts.len() >= self.limits.waiting_max {
            self.last_posts.shift_remove_index(0);
        }
        self.last_posts.insert(key, now);
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "a message is made of exactly these")]
    fn compose(
        &self,
        now: Timestamp,
        ticket: Ticket,
        author: &User,
        channel: &Channel,
        granted: Permissions,
        draft: MessageDraft,
    ) -> (Message, Resolved) {
        let content = draft.content.unwrap_or_default();
        let replied = draft.referenced.as_ref().map(|message| &message.author);
        let allowed = draft.allowed_mentions.as_ref();
        let resolved = self.mentions(&content, allowed, granted, replied);
        let reference = draft.referenced.as_ref().map(|message| MessageReference {
            kind: 0,
            message_id: message.id,
            channel_id: Some(message.channel_id),
            guild_id: Some(self.shape.id()),
        });
        let message = Message {
            id: MessageId::new(ticket.0),
            channel_id: channel.id,
            author: author.clone(),
            content,
            timestamp: now,
            edited_timestamp: None,
            tts: draft.tts && granted.contains(Permissions::SEND_TTS_MESSAGES),
            mention_everyone: resolved.everyone,
            mentions: resolved.users.clone(),
            mention_roles: resolved.roles.clone(),
            attachments: draft.attachments,
            embeds: draft.embeds,
            pinned: false,
            kind: if reference.is_some() { MessageKind::REPLY } else { MessageKind::DEFAULT },
            flags: draft.flags & FLAGS,
            components: draft.components,
            reactions: Vec::new(),
            nonce: draft.nonce,
            message_reference: reference,
            referenced_message: draft.referenced.map(|message| {
                // One level is enough for a client to show; deeper ones would grow without end.
                Box::new(Message { referenced_message: None, ..*message })
            }),
        };
        (message, resolved)
    }

    /// Makes the event of a new or changed message, in both variants.
    fn announce(
        &self,
        kind: EventKind,
        message: &Message,
        channel: &Channel,
        mentions: Mentions,
    ) -> Happening {
        let event = |content| -> MessageEvent<'_> {
            let profile = |user: &User| -> Option<&Profile> {
                self.members.get(&user.id).map(|member| &member.profile)
            };
            message.event(self.shape.id(), channel.kind, content, profile)
        };
        let stripped = serde_json::to_string(&event(Content::Stripped)).unwrap_or_default();
        Happening {
            stripped: Some(stripped),
            mentions,
            ..Happening::channel(kind, channel.id, &event(Content::Full)).by(message.author.id)
        }
    }

    pub(super) fn message_edit(
        &self,
        now: Timestamp,
        actor: &Actor,
        message: Message,
        patch: MessagePatch,
    ) -> Result<Plan, Refusal> {
        let (channel, granted) =
            self.in_channel(now, actor, message.channel_id, Permissions::NONE)?;
        if mention::author_id(actor) != Some(message.author.id) {
            let only_flags = patch.content.is_none()
                && patch.embeds.is_none()
                && patch.components.is_none()
                && patch.flags.is_some();
            if !only_flags || !granted.contains(Permissions::MANAGE_MESSAGES) {
                return Err(Refusal::NotAuthor);
            }
        }
        mention::check(patch.allowed_mentions.as_ref())?;
        let content = match &patch.content {
            Some(content) => content.clone().unwrap_or_default(),
            None => message.content.clone(),
        };
        length("content", &content, 0, self.limits.content_max)?;
        let allowed = patch.allowed_mentions.as_ref();
        let resolved = self.mentions(&content, allowed, granted, None);
        let mut edited = Message {
            edited_timestamp: Some(now),
            embeds: patch.embeds.unwrap_or(message.embeds),
            components: patch.components.unwrap_or(message.components),
            flags: patch.flags.map_or(message.flags, |flags| flags & FLAGS),
            tts: false,
            content,
            ..message
        };
        range("embeds", edited.embeds.len() as u64, 0, self.limits.embeds_max as u64)?;
        if edited.content.trim().is_empty()
            && edited.embeds.is_empty()
            && edited.components.is_empty()
            && edited.attachments.is_empty()
        {
            return Err(Refusal::EmptyMessage);
        }
        if patch.content.is_some() {
            edited.mentions = resolved.users;
            edited.mention_roles = resolved.roles;
            edited.mention_everyone = resolved.everyone;
        }
        // An edit notifies nobody; whoever it mentions may read its content.
        let users = edited.mentions.iter().map(|user| user.id).collect();
        let mentions = Mentions { users, ..Mentions::default() };
        Ok(Plan {
            happenings: vec![self.announce(EventKind::MessageUpdate, &edited, &channel, mentions)],
            reply: Reply::json(&edited),
            writes: vec![Write::MessageUpdate(Box::new(edited))],
            ..Plan::default()
        })
    }

    pub(super) fn message_delete(
        &self,
        now: Timestamp,
        actor: &Actor,
        message: &Message,
    ) -> Result<Plan, Refusal> {
        let own = mention::author_id(actor) == Some(message.author.id);
        let needed = if own { Permissions::NONE } else { Permissions::MANAGE_MESSAGES };
        self.in_channel(now, actor, message.channel_id, needed)?;
        let payload = json!({
            "id": message.id, "channel_id": message.channel_id, "guild_id": self.shape.id(),
        });
        let kind = EventKind::MessageDelete;
        Ok(Plan {
            writes: vec![Write::MessageDelete(message.channel_id, vec![message.id])],
            happenings: vec![Happening::channel(kind, message.channel_id, &payload)],
            ..Plan::default()
        })
    }

    pub(super) fn message_bulk_delete(
        &self,
        now: Timestamp,
        actor: &Actor,
        channel: ChannelId,
        mut messages: Vec<MessageId>,
    ) -> Result<Plan, Refusal> {
        self.in_channel(now, actor, channel, Permissions::MANAGE_MESSAGES)?;
        messages.sort_unstable();
        messages.dedup();
        range("messages", messages.len() as u64, 2, self.limits.bulk_max as u64)?;
        if messages.iter().any(|message| now.since(message.created_at()) > BULK_AGE_MAX) {
            let text = "You can only bulk delete messages that are under 14 days old.";
            return Err(Refusal::field("messages", "BULK_DELETE_TOO_OLD", text));
        }
        let payload = json!({"ids": messages, "channel_id": channel, "guild_id": self.shape.id()});
        Ok(Plan {
            writes: vec![Write::MessageDelete(channel, messages)],
            happenings: vec![Happening::channel(EventKind::MessageDeleteBulk, channel, &payload)],
            ..Plan::default()
        })
    }

    pub(super) fn typing(
        &self,
        now: Timestamp,
        actor: &Actor,
        channel: ChannelId,
    ) -> Result<Plan, Refusal> {
        let user = Self::someone(actor)?;
        self.in_channel(now, actor, channel, Permissions::SEND_MESSAGES)?;
        let member = self.members.get(&user.id).map(Arc::as_ref);
        let payload = json!({
            "channel_id": channel, "user_id": user.id, "timestamp": now.seconds(),
            "guild_id": self.shape.id(), "member": member,
        });
        let happening = Happening {
            scope: Scope::Channel(channel),
            ..Happening::guild(EventKind::TypingStart, &payload, Change::Nothing)
        };
        Ok(Plan { happenings: vec![happening.by(user.id)], ..Plan::default() })
    }
}

fn nonce_key(author: &User, draft: &MessageDraft) -> Option<NonceKey> {
    let nonce = draft.nonce.clone().filter(|_| draft.enforce_nonce)?;
    Some((author.id, nonce))
}

/// Answers a repeated post with the first message.
fn repeat(posted: Posted) -> Plan {
    match posted {
        Posted::Pending(first) => Plan { joins: Some(first), ..Plan::default() },
        Posted::Done(reply) => Plan { reply, ..Plan::default() },
        Posted::Before(channel, message) => {
            let reply = Reply { stored: Some((channel, message)), ..Reply::nothing() };
            Plan { reply, ..Plan::default() }
        }
    }
}
