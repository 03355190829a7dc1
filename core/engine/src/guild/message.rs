//! Posting messages, and showing that somebody types.

mod draft;
mod edit;
mod remove;

use std::sync::Arc;
use std::time::Duration;

use throng_proto::command::{Answer, MessageDraft, Reply};
use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::payload::{Content, MessageChanged, Typing};
use throng_proto::id::{ChannelId, UserId};
use throng_proto::model::{Channel, Member, Message, MessageKind, Profile, Referenced};
use throng_proto::permissions::Permissions;
use throng_proto::record::{NonceRecord, Write};
use throng_proto::refusal::Refusal;

use super::Guild;
use super::authority::Authority;
use super::mentions::Mentioned;
use super::plan::{Decided, Decision, Draft, Effect, Plan, Post};
use super::posted::Posted;
use crate::event::Change;

impl Guild {
    /// Posts a message, or finds the one that was posted with the same nonce.
    pub(super) fn message_create(
        &mut self,
        who: &Authority,
        channel: ChannelId,
        draft: MessageDraft,
    ) -> Decided {
        let author = Arc::clone(who.member()?);
        let channel = who.need_text(channel, Permissions::SEND_MESSAGES)?;
        draft::check(&self.config, &draft)?;
        let nonce = draft.nonce.clone().map(|nonce| (author.user.id, nonce));
        if let Some(key) = nonce.as_ref().filter(|_| draft.enforce_nonce)
            && let Some((_, known)) = self.nonces.find(who.now, key)
        {
            if !known.committed {
                return Ok(Decision::Join(known.message));
            }
            if let Some(reply) = self.repeated(who, *known) {
                return Ok(Decision::Answer(reply));
            }
        }
        draft::permit(who, &channel, &draft)?;
        self.pace(who, &channel, author.user.id)?;
        let (mut message, mentioned) = self.compose(who, &author, &channel, draft)?;
        let event = created(&channel, &message, &author, mentioned);
        event.fits(self.config.event_bytes_max)?;
        let post = Post { channel: channel.id, message: message.id, author: author.user.id, nonce };
        self.note(who, &channel, &post);
        let reply = Reply::json(&message);
        message.referenced_message = Referenced::Absent;
        Plan {
            reply,
            writes: vec![Write::Message(Box::new(message))],
            events: vec![event],
            effect: Effect { posted: Some(post), ..Effect::default() },
        }
        .decided()
    }

    /// Answers a repeated post with the first message as it is now, or as it was when it was
    /// deleted; `None` when nothing is known of it any more.
    fn repeated(&self, who: &Authority, known: Posted) -> Option<Reply> {
        match self.readable((known.channel, known.message)) {
            Ok((_, message)) => Some(Reply::json(&self.as_shown(message, who.user()))),
            Err(_) => {
                let (_, answer) = self.removed.find(who.now, &known.message)?;
                Some(Answer::Text(answer.clone()).into())
            }
        }
    }

    /// Refuses a member that posted less than the channel's interval ago.
    fn pace(&self, who: &Authority, channel: &Channel, author: UserId) -> Result<(), Refusal> {
        let may = who.in_channel(channel);
        let exempt = may.contains(Permissions::MANAGE_MESSAGES)
            || may.contains(Permissions::MANAGE_CHANNELS);
        if channel.rate_limit_per_user == 0 || exempt {
            return Ok(());
        }
        match self.paced.find(who.now, &(channel.id, author)) {
            Some((until, _)) => Err(Refusal::SlowMode { retry_after: until.since(who.now) }),
            None => Ok(()),
        }
    }

    /// Remembers nonce and time of a message that is about to be committed.
    fn note(&mut self, who: &Authority, channel: &Channel, post: &Post) {
        let now = who.now;
        if let Some(nonce) = post.nonce.clone() {
            let posted = Posted { channel: post.channel, message: post.message, committed: false };
            self.nonces.insert(now, now.after(self.config.nonce_window), nonce, posted);
        }
        if channel.rate_limit_per_user > 0 {
            let interval = Duration::from_secs(channel.rate_limit_per_user.into());
            let key = (post.channel, post.author);
            self.paced.insert(now, now.after(interval), key, post.message);
        }
    }

    fn compose(
        &self,
        who: &Authority,
        author: &Member,
        channel: &Channel,
        draft: MessageDraft,
    ) -> Result<(Message, Mentioned), Refusal> {
        let (reference, referenced) = self.referenced(channel, &draft)?;
        let content = draft.content.filter(|text| !text.trim().is_empty()).unwrap_or_default();
        let mentioned = self.mentioned(
            &content,
            draft.allowed_mentions.as_ref(),
            referenced.message().map(|message| message.author.id),
            who.in_channel(channel).contains(Permissions::MENTION_EVERYONE),
        );
        let message = Message {
            id: self.config.ids.next(who.now),
            channel_id: channel.id,
            author: author.user.clone(),
            content,
            timestamp: who.now,
            edited_timestamp: None,
            tts: draft.tts,
            mention_everyone: mentioned.notified.everyone || mentioned.notified.here,
            mentions: mentioned.users(),
            mention_roles: mentioned.roles.clone(),
            attachments: Vec::new(),
            embeds: draft.embeds,
            pinned: false,
            kind: if reference.is_some() { MessageKind::REPLY } else { MessageKind::DEFAULT },
            flags: draft.flags & draft::FLAGS,
            components: draft.components,
            reactions: Vec::new(),
            nonce: draft.nonce,
            message_reference: reference,
            referenced_message: referenced,
        };
        Ok((message, mentioned))
    }

    /// Takes up nonces from before a restart.
    pub(super) fn recall(&mut self, nonces: Vec<NonceRecord>) {
        for NonceRecord { author, nonce, channel, message } in nonces {
            let at = message.created_at();
            let posted = Posted { channel, message, committed: true };
            self.nonces.insert(at, at.after(self.config.nonce_window), (author, nonce), posted);
        }
    }

    /// Shows that the actor is typing.
    pub(super) fn typing(&self, who: &Authority, channel: ChannelId) -> Decided {
        let member = who.member()?;
        let channel = who.need_text(channel, Permissions::SEND_MESSAGES)?;
        let payload = Typing::new(self.shape.id(), channel.id, member, who.now);
        let scope = Scope::Channel(channel.id);
        let draft = Draft::new(EventKind::TypingStart, scope, &payload).by(member.user.id);
        Ok(Decision::Show(Box::new(draft)))
    }
}

/// Encodes a new message; its author and whom it mentions were decoded when it was checked.
fn created(channel: &Channel, message: &Message, author: &Member, mentioned: Mentioned) -> Draft {
    let known = |id| {
        let mut members = std::iter::once(author).chain(&mentioned.members);
        members.find(|member| member.user.id == id).map(|member| &member.profile)
    };
    let draft = message_event(EventKind::MessageCreate, channel, message, known);
    draft.notifying(mentioned.notified).changing(Change::LastMessage(channel.id, message.id))
}

/// Encodes a message with and without its content; `known` finds members among its author and
/// mentions.
fn message_event<'a>(
    kind: EventKind,
    channel: &Channel,
    message: &'a Message,
    known: impl Fn(UserId) -> Option<&'a Profile>,
) -> Draft {
    let (guild, channel_kind) = (channel.guild_id, channel.kind);
    let event =
        |content| MessageChanged::new(message, guild, channel_kind, content, |user| known(user.id));
    Draft::new(kind, Scope::Channel(channel.id), &event(Content::Full))
        .stripped(&event(Content::Stripped))
        .by(message.author.id)
}
