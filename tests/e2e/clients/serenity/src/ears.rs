//! Tells what serenity tells.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lines::tell;
use serde_json::json;
use serenity::all::{
    Context, EventHandler, Guild, GuildMembersChunkEvent, Message, MessageUpdateEvent, Presence,
    Reaction, ReactionType, Ready, ResumedEvent, UserId,
};
use serenity::async_trait;
use serenity::gateway::ShardMessenger;

/// What was heard so far.
#[derive(Default)]
pub struct Ears {
    shard: Mutex<Option<ShardMessenger>>,
    /// Who READY said this is, until the first guild.
    user: Mutex<Option<UserId>>,
    /// Names of each request's members, until the last chunk.
    members: Mutex<HashMap<String, Vec<String>>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ears {
    /// Returns the way to the newest connection.
    pub fn shard(&self) -> Option<ShardMessenger> {
        held(&self.shard).clone()
    }
}

#[async_trait]
impl EventHandler for Ears {
    async fn ready(&self, ctx: Context, ready: Ready) {
        *held(&self.shard) = Some(ctx.shard.clone());
        *held(&self.user) = Some(ready.user.id);
    }

    async fn guild_create(&self, ctx: Context, guild: Guild, _: Option<bool>) {
        *held(&self.shard) = Some(ctx.shard.clone());
        tell(json!({ "event": "guild", "id": guild.id }));
        // Other libraries call themselves ready when they have their guilds.
        if let Some(user) = held(&self.user).take() {
            tell(json!({ "event": "ready", "user": user }));
        }
    }

    async fn message(&self, _: Context, message: Message) {
        tell(json!({
            "event": "message",
            "id": message.id,
            "channel": message.channel_id,
            "author": message.author.id,
            "content": message.content,
        }));
    }

    async fn message_update(
        &self,
        _: Context,
        _: Option<Message>,
        _: Option<Message>,
        edit: MessageUpdateEvent,
    ) {
        tell(json!({ "event": "edit", "id": edit.id, "content": edit.content }));
    }

    async fn reaction_add(&self, _: Context, reaction: Reaction) {
        let emoji = match &reaction.emoji {
            ReactionType::Unicode(name) => Some(name),
            ReactionType::Custom { name, .. } => name.as_ref(),
            _ => None,
        };
        let (message, user) = (reaction.message_id, reaction.user_id);
        tell(json!({ "event": "reaction", "message": message, "user": user, "emoji": emoji }));
    }

    async fn presence_update(&self, _: Context, presence: Presence) {
        let (user, status) = (presence.user.id, presence.status);
        let playing = presence.activities.first().map(|activity| &activity.name);
        tell(json!({ "event": "presence", "user": user, "status": status, "playing": playing }));
    }

    async fn guild_members_chunk(&self, _: Context, chunk: GuildMembersChunkEvent) {
        let nonce = chunk.nonce.unwrap_or_default();
        let mut all = held(&self.members);
        let names = all.entry(nonce.clone()).or_default();
        names.extend(chunk.members.into_values().map(|member| member.user.name));
        if chunk.chunk_index + 1 == chunk.chunk_count {
            let mut names = all.remove(&nonce).unwrap_or_default();
            names.sort();
            tell(json!({ "event": "members", "names": names }));
        }
    }

    async fn resume(&self, ctx: Context, _: ResumedEvent) {
        *held(&self.shard) = Some(ctx.shard.clone());
        tell(json!({ "event": "resumed" }));
    }
}
