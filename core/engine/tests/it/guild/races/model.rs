//! Messages to which one thing happens after the other.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use throng_proto::command::{Command, MessageDraft, MessagePatch};
use throng_proto::event::EventKind;
use throng_proto::id::{MessageId, UserId};
use throng_proto::model::{Emoji, Message};
use throng_proto::refusal::Refusal;

use crate::guild::hall::{MODERATOR, body};
use crate::guild::shelf::Shelf;

/// What comes of a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// An event: its kind and what matters of it.
    Told(EventKind, Value),
    /// 204, because it is so already.
    Nothing,
    Refused(Refusal),
}

#[derive(Clone, Debug, PartialEq)]
struct Post {
    author: u64,
    content: String,
    embeds: Value,
    flags: u64,
    answers: Option<MessageId>,
    /// In the order of each emoji's first.
    reactions: Vec<(Emoji, Vec<UserId>)>,
}

/// All messages of one channel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    posts: BTreeMap<MessageId, Post>,
    reactions_max: usize,
}

impl Model {
    pub(super) const fn new(reactions_max: usize) -> Self {
        Self { posts: BTreeMap::new(), reactions_max }
    }

    /// Takes what a store has.
    pub(super) fn of(shelf: &Shelf, reactions_max: usize) -> Self {
        let post = |message: &Message| Post {
            author: message.author.id.value(),
            content: message.content.clone(),
            embeds: json!(message.embeds),
            flags: message.flags,
            answers: message.message_reference.as_ref().map(|reference| reference.message_id),
            reactions: shelf
                .reactions
                .iter()
                .filter(|of| of.0 == message.id)
                .map(|(_, emoji, users)| (emoji.clone(), users.clone()))
                .collect(),
        };
        let posts = shelf.messages.values().map(|message| (message.id, post(message))).collect();
        Self { posts, reactions_max }
    }

    pub(super) fn put(&mut self, id: MessageId, author: u64, text: &str) {
        let (content, embeds, reactions) = (text.to_owned(), json!([]), Vec::new());
        let post = Post { author, content, embeds, flags: 0, answers: None, reactions };
        self.posts.insert(id, post);
    }

    /// Keeps what matters of an event's payload.
    pub(super) fn essence(kind: EventKind, payload: &Value) -> Value {
        let keys: &[&str] = match kind {
            EventKind::MessageCreate | EventKind::MessageUpdate => &["id", "content", "flags"],
            EventKind::MessageDelete => &["id"],
            EventKind::MessageDeleteBulk => &["ids"],
            _ => &["message_id", "user_id", "emoji"],
        };
        let mut essence: Value =
            keys.iter().map(|key| ((*key).to_owned(), payload[*key].clone())).collect();
        if let Some(answered) = payload.get("referenced_message") {
            essence["answered"] = answered["content"].clone();
        }
        if let Some(embeds) = payload.get("embeds") {
            essence["embeds"] =
                embeds.as_array().expect("a list").iter().map(|e| e["title"].clone()).collect();
        }
        essence
    }

    fn shown(&self, kind: EventKind, id: MessageId) -> Said {
        let post = &self.posts[&id];
        let mut payload = json!({
            "id": id, "content": post.content, "flags": post.flags, "embeds": post.embeds,
        });
        if let Some(answered) = post.answers {
            let answered = self.posts.get(&answered).map(|post| &post.content);
            payload["referenced_message"] = json!({ "content": answered });
        }
        Said::Told(kind, Self::essence(kind, &payload))
    }

    /// Does what a command asks for; `event` names the new message of a post.
    pub(super) fn act(&mut self, actor: u64, command: &Command, event: Option<&Value>) -> Said {
        let done = match command {
            Command::MessageCreate(_, draft) => self.create(actor, draft, event),
            Command::MessageEdit(_, id, patch) => self.edit(actor, *id, patch),
            Command::MessageDelete(_, id) => self.delete(actor, *id),
            Command::MessageBulkDelete(_, ids) => self.delete_all(actor, ids),
            Command::ReactionAdd(_, id, emoji) => self.add(UserId::new(actor), *id, emoji),
            Command::ReactionRemove(_, id, emoji, user) => self.remove(actor, *id, emoji, *user),
            Command::ReactionClear(_, id, emoji) => self.clear(actor, *id, emoji.as_ref()),
            other => panic!("{other:?}"),
        };
        done.unwrap_or_else(Said::Refused)
    }

    fn post(&mut self, id: MessageId) -> Result<&mut Post, Refusal> {
        self.posts.get_mut(&id).ok_or(Refusal::UnknownMessage)
    }

    fn create(
        &mut self,
        actor: u64,
        draft: &MessageDraft,
        event: Option<&Value>,
    ) -> Result<Said, Refusal> {
        let wanted = draft.message_reference.as_ref().map(|reference| reference.message_id);
        let answers = wanted.filter(|id| self.posts.contains_key(id));
        if wanted.is_some() && answers.is_none() && !draft.reference_optional {
            let (field, code) = ("message_reference", "REPLIES_UNKNOWN_MESSAGE");
            return Err(Refusal::field(field, code, "Unknown message"));
        }
        let id = event.map_or(MessageId::new(0), |event| body(event["id"].clone()));
        self.put(id, actor, draft.content.as_deref().unwrap_or_default());
        self.post(id)?.answers = answers;
        Ok(self.shown(EventKind::MessageCreate, id))
    }

    fn edit(&mut self, actor: u64, id: MessageId, patch: &MessagePatch) -> Result<Said, Refusal> {
        let post = self.post(id)?;
        let only_flags = MessagePatch { flags: patch.flags, ..MessagePatch::default() };
        if post.author != actor && (*patch != only_flags || patch.flags.is_none()) {
            return Err(Refusal::NotAuthor);
        }
        if post.author != actor && actor != MODERATOR {
            return Err(Refusal::MissingPermissions);
        }
        if let Some(content) = &patch.content {
            post.content = content.clone().unwrap_or_default();
        }
        if let Some(embeds) = &patch.embeds {
            post.embeds = json!(embeds);
        }
        post.flags = patch.flags.unwrap_or(post.flags);
        Ok(self.shown(EventKind::MessageUpdate, id))
    }

    fn delete(&mut self, actor: u64, id: MessageId) -> Result<Said, Refusal> {
        let author = self.post(id)?.author;
        moderate(author == actor || actor == MODERATOR)?;
        self.posts.remove(&id);
        Ok(Said::Told(EventKind::MessageDelete, json!({ "id": id })))
    }

    fn delete_all(&mut self, actor: u64, ids: &[MessageId]) -> Result<Said, Refusal> {
        moderate(actor == MODERATOR)?;
        let mut gone: Vec<MessageId> = ids.to_vec();
        gone.sort_unstable();
        gone.dedup();
        gone.retain(|id| self.posts.remove(id).is_some());
        if gone.is_empty() {
            return Ok(Said::Nothing);
        }
        Ok(Said::Told(EventKind::MessageDeleteBulk, json!({ "ids": gone })))
    }

    fn add(&mut self, user: UserId, id: MessageId, emoji: &Emoji) -> Result<Said, Refusal> {
        let max = self.reactions_max;
        let reactions = &mut self.post(id)?.reactions;
        let full = reactions.len() >= max;
        match reactions.iter_mut().find(|of| of.0 == *emoji) {
            Some((_, users)) if users.contains(&user) => return Ok(Said::Nothing),
            Some((_, users)) => users.push(user),
            None if full => {
                return Err(Refusal::TooMany { what: "reactions", max, code: 30_010 });
            }
            None => reactions.push((emoji.clone(), vec![user])),
        }
        Ok(reaction(EventKind::MessageReactionAdd, id, Some(user), Some(emoji)))
    }

    fn remove(
        &mut self,
        actor: u64,
        id: MessageId,
        emoji: &Emoji,
        user: UserId,
    ) -> Result<Said, Refusal> {
        moderate(user.value() == actor || actor == MODERATOR)?;
        let reactions = &mut self.post(id)?.reactions;
        let users = reactions.iter_mut().find(|of| of.0 == *emoji).map(|of| &mut of.1);
        let users = users.filter(|users| users.contains(&user)).ok_or(Refusal::UnknownReaction)?;
        users.retain(|other| *other != user);
        reactions.retain(|of| !of.1.is_empty());
        Ok(reaction(EventKind::MessageReactionRemove, id, Some(user), Some(emoji)))
    }

    fn clear(&mut self, actor: u64, id: MessageId, emoji: Option<&Emoji>) -> Result<Said, Refusal> {
        moderate(actor == MODERATOR)?;
        let reactions = &mut self.post(id)?.reactions;
        let before = reactions.len();
        reactions.retain(|of| emoji.is_some_and(|emoji| of.0 != *emoji));
        match (reactions.len() < before, emoji) {
            (false, Some(_)) => Err(Refusal::UnknownReaction),
            (false, None) => Ok(Said::Nothing),
            (true, Some(_)) => Ok(reaction(EventKind::MessageReactionRemoveEmoji, id, None, emoji)),
            (true, None) => Ok(reaction(EventKind::MessageReactionRemoveAll, id, None, None)),
        }
    }
}

fn moderate(may: bool) -> Result<(), Refusal> {
    if may { Ok(()) } else { Err(Refusal::MissingPermissions) }
}

fn reaction(kind: EventKind, id: MessageId, user: Option<UserId>, emoji: Option<&Emoji>) -> Said {
    Said::Told(kind, json!({ "message_id": id, "user_id": user, "emoji": emoji }))
}
