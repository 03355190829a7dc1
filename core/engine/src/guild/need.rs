//! What a command has to know about messages before it can be decided.

use throng_proto::command::{Actor, Command, MessageDraft};
use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::model::Message;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::Guild;
use super::job::Job;
use super::ledger::{Key, Need, Row, There};

impl Guild {
    /// Lists what a job needs, as far as that can be told by now: of an answer that is edited the
    /// answered message turns up when the answer has been read. Empty for a plain post.
    pub(super) fn needs(&self, now: Timestamp, job: &Job) -> Vec<Need> {
        let Job::Command(actor, command) = job else { return Vec::new() };
        let me = match actor {
            Actor::User(user) => Some(user.id),
            Actor::Operator => None,
        };
        let one = |channel: &ChannelId, message: &MessageId, user: Option<UserId>| {
            vec![Need { key: (*channel, *message), user }]
        };
        match &**command {
            Command::MessageCreate(channel, draft) => self.needs_of_post(now, me, *channel, draft),
            Command::MessageEdit(channel, message, _) => {
                let mut needs = one(channel, message, me);
                needs.extend(self.answered_by((*channel, *message)));
                needs
            }
            Command::MessageDelete(channel, message)
            | Command::ReactionClear(channel, message, _) => one(channel, message, None),
            Command::MessageBulkDelete(channel, messages)
                if messages.len() <= self.config.bulk_delete_max =>
            {
                let keys = messages.iter().map(|message| (*channel, *message));
                keys.map(|key| Need { key, user: None }).collect()
            }
            Command::ReactionAdd(channel, message, _) => one(channel, message, me),
            Command::ReactionRemove(channel, message, _, user) => {
                one(channel, message, Some(*user))
            }
            _ => Vec::new(),
        }
    }

    fn needs_of_post(
        &self,
        now: Timestamp,
        me: Option<UserId>,
        channel: ChannelId,
        draft: &MessageDraft,
    ) -> Vec<Need> {
        let repeated = draft.nonce.as_ref().filter(|_| draft.enforce_nonce).zip(me);
        let repeated = repeated.and_then(|(nonce, me)| {
            let (_, known) = self.nonces.find(now, &(me, nonce.clone()))?;
            known.committed.then_some((known.channel, known.message))
        });
        let answered = draft.message_reference.as_ref();
        let answered = answered.map(|reference| (channel, reference.message_id));
        let needs = [(repeated, me), (answered, None)];
        let needs = needs.into_iter().filter_map(|(key, user)| Some(Need { key: key?, user }));
        needs.chain(repeated.and_then(|key| self.answered_by(key))).collect()
    }

    fn answered_by(&self, key: Key) -> Option<Need> {
        let Some(Row::There(there)) = self.ledger.find(key) else { return None };
        let key = there.message.as_ref().and_then(Message::answers)?;
        Some(Need { key, user: None })
    }

    /// Finds a message, of which everything is known that the command needs.
    pub(super) fn there(&self, key: Key) -> Result<&There, Refusal> {
        match self.ledger.find(key) {
            Some(Row::There(there)) => Ok(there),
            Some(Row::Gone) | None => Err(Refusal::UnknownMessage),
        }
    }

    /// Finds a message that can be read; to everything but its deletion a damaged one is gone.
    pub(super) fn readable(&self, key: Key) -> Result<(&There, &Message), Refusal> {
        let there = self.there(key)?;
        Ok((there, there.message.as_ref().ok_or(Refusal::UnknownMessage)?))
    }
}
