//! Editing messages.

use throng_proto::command::{COMPONENTS_V2, MessagePatch, Reply, SUPPRESS_EMBEDS};
use throng_proto::event::{EventKind, Mentions};
use throng_proto::id::UserId;
use throng_proto::mention::Named;
use throng_proto::model::{Channel, Member, Message, Referenced};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::draft::{Parts, keep};
use super::message_event;
use crate::guild::Guild;
use crate::guild::authority::Authority;
use crate::guild::ledger::{Key, Row};
use crate::guild::plan::{Decided, Plan};

impl Guild {
    /// Edits one's own message, or hides the embeds of another's.
    pub(in crate::guild) fn message_edit(
        &self,
        who: &Authority,
        key: Key,
        patch: MessagePatch,
    ) -> Decided {
        let channel = who.need_in(key.0, Permissions::NONE)?;
        let (there, message) = self.readable(key)?;
        if !who.is(message.author.id) {
            permit_others(who, &channel, &patch)?;
        }
        let mut message = message.clone();
        self.patch_message(who, &channel, &mut message, patch)?;
        message = self.as_shown(&message, None);
        message.reactions = there.counts(who.user());
        let reply = Reply::json(&message);
        message.reactions = Vec::new();
        // An edit notifies nobody, but who is mentioned may read it.
        let readers = message.mentions.iter().map(|user| user.id).collect();
        let known = self.known(&message);
        let profile = |id| known.iter().find(|m| m.user.id == id).map(|m| &m.profile);
        let event = message_event(EventKind::MessageUpdate, &channel, &message, profile)
            .notifying(Mentions { users: readers, ..Mentions::default() });
        message.referenced_message = Referenced::Absent;
        Plan {
            writes: vec![Write::MessageUpdate(Box::new(message))],
            events: vec![event],
            reply,
            ..Plan::default()
        }
        .decided()
    }

    /// Returns a message with what it answers, and with its reactions if it is known how a user
    /// sees them.
    pub(in crate::guild) fn as_shown(&self, message: &Message, me: Option<UserId>) -> Message {
        let answered = message.answers().map(|key| self.ledger.find(key));
        let referenced_message = match answered.flatten() {
            Some(Row::Gone) => Referenced::Deleted,
            Some(Row::There(there)) => {
                there.message.as_ref().map_or(Referenced::Absent, Referenced::to)
            }
            None => Referenced::Absent,
        };
        let there = self.there((message.channel_id, message.id));
        let there = there.ok().filter(|_| me.is_some());
        let reactions = there.map(|there| there.counts(me)).unwrap_or_default();
        Message { referenced_message, reactions, ..message.clone() }
    }

    /// Decodes the author of a message and whom it mentions.
    fn known(&self, message: &Message) -> Vec<Member> {
        let users = std::iter::once(&message.author).chain(&message.mentions);
        users.filter_map(|user| self.roster.get(user.id)).collect()
    }

    fn patch_message(
        &self,
        who: &Authority,
        channel: &Channel,
        message: &mut Message,
        patch: MessagePatch,
    ) -> Result<(), Refusal> {
        let allowed = patch.allowed_mentions.as_ref();
        if let Some(content) = patch.content {
            // An answer that pinged its author goes on naming it: nobody else is mentioned without
            // a word in the text.
            let in_text = Named::parse(&message.content).users;
            let mut mentioned = message.mentions.iter().map(|user| user.id);
            let named = mentioned.find(|id| !in_text.contains(id));
            let named = named.filter(|_| message.answers().is_some());
            message.content = content.filter(|text| !text.trim().is_empty()).unwrap_or_default();
            let may = who.in_channel(channel).contains(Permissions::MENTION_EVERYONE);
            let mentioned = self.mentioned(&message.content, allowed, named, may);
            message.mention_everyone = mentioned.notified.everyone || mentioned.notified.here;
            message.mentions = mentioned.users();
            message.mention_roles = mentioned.roles;
        }
        if let Some(embeds) = patch.embeds {
            message.embeds = embeds;
        }
        if let Some(components) = patch.components {
            message.components = components;
        }
        if let Some(files) = patch.attachments {
            keep(&mut message.attachments, &files)?;
        }
        if let Some(flags) = patch.flags {
            let kept = message.flags & !SUPPRESS_EMBEDS;
            message.flags = kept | flags & (SUPPRESS_EMBEDS | COMPONENTS_V2);
        }
        message.tts = false;
        message.edited_timestamp = Some(who.now);
        Parts {
            text: &message.content,
            embeds: &message.embeds,
            components: &message.components,
            attachments: &message.attachments,
            flags: message.flags,
        }
        .check(&self.config)
    }
}

/// Of others' messages only the flags can be changed.
fn permit_others(who: &Authority, channel: &Channel, patch: &MessagePatch) -> Result<(), Refusal> {
    let other = MessagePatch { flags: patch.flags, ..MessagePatch::default() };
    if *patch != other || patch.flags.is_none() {
        return Err(Refusal::NotAuthor);
    }
    if who.in_channel(channel).contains(Permissions::MANAGE_MESSAGES) {
        Ok(())
    } else {
        Err(Refusal::MissingPermissions)
    }
}
