//! Reactions to messages.

use throng_proto::event::{EventKind, Scope};
use throng_proto::gateway::payload::{ReactionAdded, ReactionRemoved, ReactionsCleared};
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::Emoji;
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::refusal::Refusal;

use super::Guild;
use super::authority::Authority;
use super::ledger::Key;
use super::plan::{Decided, Decision, Draft, Plan};

impl Guild {
    /// Adds a reaction of the actor; nothing when it is there.
    pub(super) fn reaction_add(&self, who: &Authority, key: Key, emoji: Emoji) -> Decided {
        let member = who.member()?;
        let channel = who.need_text(key.0, Permissions::READ_MESSAGE_HISTORY)?;
        let (there, message) = self.readable(key)?;
        let (user, new) = (member.user.id, !there.has(&emoji));
        if new {
            who.need_in(channel.id, Permissions::ADD_REACTIONS)?;
        }
        if there.has_by(&emoji, user) {
            return Ok(Decision::nothing());
        }
        if new {
            check(&emoji)?;
        }
        let max = self.config.reactions_max;
        if new && there.emojis() >= max {
            return Err(Refusal::TooMany { what: "reactions", max, code: 30_010 });
        }
        let place = self.place(key);
        let payload = ReactionAdded::new(place, &emoji, member, message.author.id);
        let scope = Scope::Channel(channel.id);
        let event = Draft::new(EventKind::MessageReactionAdd, scope, &payload).by(user);
        plan(Write::ReactionAdd(key.1, emoji, user), event)
    }

    /// Removes a reaction that somebody added.
    pub(super) fn reaction_remove(
        &self,
        who: &Authority,
        key: Key,
        emoji: Emoji,
        user: UserId,
    ) -> Decided {
        let own = who.is(user);
        let needed = if own { Permissions::NONE } else { Permissions::MANAGE_MESSAGES };
        let channel = who.need_in(key.0, needed)?;
        if !self.there(key)?.has_by(&emoji, user) {
            return Err(Refusal::UnknownReaction);
        }
        let payload = ReactionRemoved::new(self.place(key), &emoji, user);
        let scope = Scope::Channel(channel.id);
        let event = Draft::new(EventKind::MessageReactionRemove, scope, &payload).by(user);
        plan(Write::ReactionRemove(key.1, emoji, user), event)
    }

    /// Removes all reactions, of which there may be none, or those of one emoji, of which there
    /// must be some.
    pub(super) fn reaction_clear(
        &self,
        who: &Authority,
        key: Key,
        emoji: Option<Emoji>,
    ) -> Decided {
        let channel = who.need_in(key.0, Permissions::MANAGE_MESSAGES)?;
        let there = self.there(key)?;
        match &emoji {
            Some(emoji) if !there.has(emoji) => return Err(Refusal::UnknownReaction),
            None if there.emojis() == 0 => return Ok(Decision::nothing()),
            _ => {}
        }
        let kind = match emoji {
            Some(_) => EventKind::MessageReactionRemoveEmoji,
            None => EventKind::MessageReactionRemoveAll,
        };
        let payload = ReactionsCleared::new(self.place(key), emoji.as_ref());
        let event = Draft::new(kind, Scope::Channel(channel.id), &payload);
        plan(Write::ReactionClear(key.1, emoji), event)
    }

    fn place(&self, (channel, message): Key) -> (GuildId, ChannelId, MessageId) {
        (self.shape.id(), channel, message)
    }
}

fn plan(write: Write, event: Draft) -> Decided {
    Plan { writes: vec![write], events: vec![event], ..Plan::default() }.decided()
}

/// Checks that something is an emoji: one of Unicode's list, for guilds have none of their own.
fn check(emoji: &Emoji) -> Result<(), Refusal> {
    let name = emoji.name.as_deref().unwrap_or_default();
    if emoji.id.is_none() && Emoji::unicode(name).is_some() {
        Ok(())
    } else {
        Err(Refusal::UnknownEmoji)
    }
}
