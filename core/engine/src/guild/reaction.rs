//! Reactions to messages.

use serde_json::{Value, json};
use throng_proto::event::{EventKind, Scope};
use throng_proto::id::UserId;
use throng_proto::model::{Emoji, Message, ReactionCount};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::Guild;
use super::authority::Authority;
use super::plan::{Decided, Decision, Draft, Plan};

/// Characters of a custom emoji's name, and bytes of a Unicode emoji.
const NAME_MAX: usize = 64;

impl Guild {
    /// Adds a reaction of the actor; nothing when it is there.
    pub(super) fn reaction_add(&self, who: &Authority, message: &Message, emoji: Emoji) -> Decided {
        let member = who.member()?;
        let known = count(message, &emoji);
        let needed = match known {
            Some(_) => Permissions::READ_MESSAGE_HISTORY,
            None => Permissions::READ_MESSAGE_HISTORY | Permissions::ADD_REACTIONS,
        };
        let channel = who.need_text(message.channel_id, needed)?;
        if known.is_some_and(|known| known.me) {
            return Ok(Decision::nothing());
        }
        check(&emoji)?;
        let max = self.config.reactions_max;
        if known.is_none() && message.reactions.len() >= max {
            return Err(Refusal::TooMany { what: "reactions", max, code: 30_010 });
        }
        let user = member.user.id;
        let mut payload = self.reaction(message, Some(user), Some(&emoji));
        payload["member"] = json!(member);
        payload["message_author_id"] = json!(message.author.id);
        payload["burst"] = json!(false);
        payload["burst_colors"] = json!([]);
        payload["type"] = json!(0);
        let scope = Scope::Channel(channel.id);
        let event = Draft::new(EventKind::MessageReactionAdd, scope, &payload).by(user);
        plan(Write::ReactionAdd(message.id, emoji, user), event)
    }

    /// Removes a reaction; nothing when nobody, or not the actor itself, added it.
    pub(super) fn reaction_remove(
        &self,
        who: &Authority,
        message: &Message,
        emoji: Emoji,
        user: UserId,
    ) -> Decided {
        let own = who.is(user);
        let needed = if own { Permissions::NONE } else { Permissions::MANAGE_MESSAGES };
        let channel = who.need_in(message.channel_id, needed)?;
        let there = count(message, &emoji).is_some_and(|known| known.me || !own);
        if !there {
            return Ok(Decision::nothing());
        }
        let mut payload = self.reaction(message, Some(user), Some(&emoji));
        payload["burst"] = json!(false);
        payload["type"] = json!(0);
        let scope = Scope::Channel(channel.id);
        let event = Draft::new(EventKind::MessageReactionRemove, scope, &payload).by(user);
        plan(Write::ReactionRemove(message.id, emoji, user), event)
    }

    /// Removes all reactions, or those of one emoji; nothing when there are none.
    pub(super) fn reaction_clear(
        &self,
        who: &Authority,
        message: &Message,
        emoji: Option<Emoji>,
    ) -> Decided {
        let channel = who.need_in(message.channel_id, Permissions::MANAGE_MESSAGES)?;
        let there = match &emoji {
            Some(emoji) => count(message, emoji).is_some(),
            None => !message.reactions.is_empty(),
        };
        if !there {
            return Ok(Decision::nothing());
        }
        let kind = match emoji {
            Some(_) => EventKind::MessageReactionRemoveEmoji,
            None => EventKind::MessageReactionRemoveAll,
        };
        let payload = self.reaction(message, None, emoji.as_ref());
        let event = Draft::new(kind, Scope::Channel(channel.id), &payload);
        plan(Write::ReactionClear(message.id, emoji), event)
    }

    /// Builds the keys that all events of reactions have.
    fn reaction(&self, message: &Message, user: Option<UserId>, emoji: Option<&Emoji>) -> Value {
        let mut payload = json!({
            "channel_id": message.channel_id,
            "message_id": message.id,
            "guild_id": self.shape.id(),
        });
        if let Some(user) = user {
            payload["user_id"] = json!(user);
        }
        if let Some(emoji) = emoji {
            payload["emoji"] = json!(emoji);
        }
        payload
    }
}

fn plan(write: Write, event: Draft) -> Decided {
    Plan { writes: vec![write], events: vec![event], ..Plan::default() }.decided()
}

fn count<'a>(message: &'a Message, emoji: &Emoji) -> Option<&'a ReactionCount> {
    message.reactions.iter().find(|known| known.emoji.key() == emoji.key() && known.count > 0)
}

/// Checks that something can be an emoji: custom ones have an id, Unicode ones are not plain ASCII.
fn check(emoji: &Emoji) -> Result<(), Refusal> {
    let name = emoji.name.as_deref().unwrap_or_default();
    let plausible = emoji.id.is_some() || !name.is_ascii();
    if plausible && !name.is_empty() && name.len() <= NAME_MAX {
        Ok(())
    } else {
        Err(Refusal::UnknownEmoji)
    }
}
