//! Reactions.

use serde_json::{Value, json};
use throng_proto::command::Actor;
use throng_proto::event::EventKind;
use throng_proto::id::UserId;
use throng_proto::model::{Emoji, Message};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;
use throng_proto::time::Timestamp;

use super::Guild;
use super::plan::{Happening, Plan};

impl Guild {
    pub(super) fn reaction_add(
        &self,
        now: Timestamp,
        actor: &Actor,
        message: &Message,
        emoji: Emoji,
    ) -> Result<Plan, Refusal> {
        let user = Self::someone(actor)?;
        let known = message.reactions.iter().find(|reaction| reaction.emoji == emoji);
        let needed = match known {
            Some(_) => Permissions::READ_MESSAGE_HISTORY,
            None => Permissions::READ_MESSAGE_HISTORY | Permissions::ADD_REACTIONS,
        };
        self.in_channel(now, actor, message.channel_id, needed)?;
        if known.is_some_and(|reaction| reaction.me) {
            return Ok(Plan::default());
        }
        if known.is_none() && message.reactions.len() >= self.limits.emojis_max {
            let max = self.limits.emojis_max;
            return Err(Refusal::TooMany { what: "reactions", max, code: 30_010 });
        }
        let mut payload = self.place(message, Some(&emoji));
        payload["user_id"] = json!(user.id);
        payload["member"] = json!(self.members.get(&user.id));
        payload["message_author_id"] = json!(message.author.id);
        payload["burst"] = json!(false);
        payload["burst_colors"] = json!([]);
        payload["type"] = json!(0);
        let kind = EventKind::MessageReactionAdd;
        Ok(Plan {
            writes: vec![Write::ReactionAdd(message.id, emoji, user.id)],
            happenings: vec![Happening::channel(kind, message.channel_id, &payload).by(user.id)],
            ..Plan::default()
        })
    }

    pub(super) fn reaction_remove(
        &self,
        now: Timestamp,
        actor: &Actor,
        message: &Message,
        emoji: Emoji,
        user: UserId,
    ) -> Result<Plan, Refusal> {
        let own = matches!(actor, Actor::User(actor) if actor.id == user);
        let needed = if own { Permissions::NONE } else { Permissions::MANAGE_MESSAGES };
        self.in_channel(now, actor, message.channel_id, needed)?;
        let mut payload = self.place(message, Some(&emoji));
        payload["user_id"] = json!(user);
        payload["burst"] = json!(false);
        payload["type"] = json!(0);
        let kind = EventKind::MessageReactionRemove;
        Ok(Plan {
            writes: vec![Write::ReactionRemove(message.id, emoji, user)],
            happenings: vec![Happening::channel(kind, message.channel_id, &payload)],
            ..Plan::default()
        })
    }

    pub(super) fn reaction_clear(
        &self,
        now: Timestamp,
        actor: &Actor,
        message: &Message,
        emoji: Option<Emoji>,
    ) -> Result<Plan, Refusal> {
        self.in_channel(now, actor, message.channel_id, Permissions::MANAGE_MESSAGES)?;
        let kind = match emoji {
            Some(_) => EventKind::MessageReactionRemoveEmoji,
            None => EventKind::MessageReactionRemoveAll,
        };
        let payload = self.place(message, emoji.as_ref());
        Ok(Plan {
            writes: vec![Write::ReactionClear(message.id, emoji)],
            happenings: vec![Happening::channel(kind, message.channel_id, &payload)],
            ..Plan::default()
        })
    }

    /// Names the message that a reaction is about.
    fn place(&self, message: &Message, emoji: Option<&Emoji>) -> Value {
        let mut place = json!({
            "channel_id": message.channel_id, "message_id": message.id,
            "guild_id": self.shape.id(),
        });
        if let Some(emoji) = emoji {
            place["emoji"] = json!(emoji);
        }
        place
    }
}
