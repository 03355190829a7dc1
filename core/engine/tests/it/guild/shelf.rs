//! What the store of a hall has of messages.

use std::collections::BTreeMap;

use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::model::{Emoji, Message};
use throng_proto::record::{MessageRow, ReactionRow, RowQuery, Write};

/// Messages and reactions, plainly.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shelf {
    pub(super) messages: BTreeMap<(ChannelId, MessageId), Message>,
    pub(super) reactions: Vec<(MessageId, Emoji, Vec<UserId>)>,
    /// Messages whose row cannot be read.
    pub(super) damaged: Vec<MessageId>,
}

impl Shelf {
    pub(super) fn put(&mut self, message: Message) {
        self.messages.insert((message.channel_id, message.id), message);
    }

    pub(super) fn react(&mut self, id: MessageId, emoji: &Emoji, user: UserId) {
        match self.reactions.iter_mut().find(|of| of.0 == id && of.1 == *emoji) {
            Some((.., users)) if users.contains(&user) => {}
            Some((.., users)) => users.push(user),
            None => self.reactions.push((id, emoji.clone(), vec![user])),
        }
    }

    pub(super) fn apply(&mut self, write: &Write) {
        match write {
            Write::Message(message) => self.put(Message::clone(message)),
            Write::MessageUpdate(message) => {
                let old = self.messages.get_mut(&(message.channel_id, message.id));
                old.into_iter().for_each(|old| old.clone_from(message));
            }
            Write::MessageDelete(channel, ids) => {
                for id in ids {
                    if self.messages.remove(&(*channel, *id)).is_some() {
                        self.reactions.retain(|of| of.0 != *id);
                    }
                }
            }
            Write::ReactionAdd(id, emoji, user)
                if self.messages.keys().any(|(_, known)| known == id) =>
            {
                self.react(*id, emoji, *user);
            }
            Write::ReactionRemove(id, emoji, user) => {
                let of_emoji = self.reactions.iter_mut().filter(|of| of.0 == *id && of.1 == *emoji);
                of_emoji.for_each(|(.., users)| users.retain(|other| other != user));
                self.reactions.retain(|(.., users)| !users.is_empty());
            }
            Write::ReactionClear(id, emoji) => self
                .reactions
                .retain(|of| of.0 != *id || emoji.as_ref().is_some_and(|emoji| *emoji != of.1)),
            _ => {}
        }
    }

    pub(super) fn rows(&self, queries: &[RowQuery]) -> Vec<Option<MessageRow>> {
        queries.iter().map(|query| self.row(query)).collect()
    }

    fn row(&self, query: &RowQuery) -> Option<MessageRow> {
        let message = self.messages.get(&(query.channel, query.message))?;
        let of_message = self.reactions.iter().filter(|of| of.0 == query.message);
        let reactions = of_message.map(|(_, emoji, users)| {
            let mut asked: Vec<UserId> =
                users.iter().copied().filter(|user| query.users.contains(user)).collect();
            asked.sort_unstable();
            let count = u32::try_from(users.len()).expect("few");
            ReactionRow { emoji: emoji.clone(), count, users: asked }
        });
        let whole = !self.damaged.contains(&query.message);
        Some(MessageRow {
            author: message.author.id,
            message: whole.then(|| Box::new(message.clone())),
            reactions: reactions.collect(),
        })
    }
}
