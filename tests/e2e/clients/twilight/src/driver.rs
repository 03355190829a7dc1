//! Tells what twilight tells.

use std::collections::HashMap;

use anyhow::{Result, bail};
use lines::tell;
use serde_json::json;
use twilight_gateway::{Event, Shard};
use twilight_http::Client;
use twilight_model::channel::message::EmojiReactionType;
use twilight_model::gateway::payload::incoming::{MemberChunk, ReactionAdd};
use twilight_model::gateway::presence::Presence;
use twilight_model::id::Id;
use twilight_model::id::marker::UserMarker;

pub struct Driver {
    pub shard: Shard,
    pub http: Client,
    pub host: String,
    /// Names of each request's members, until the last chunk.
    pub members: HashMap<String, Vec<String>>,
    /// Who READY said this is, until the first guild.
    pub user: Option<Id<UserMarker>>,
    pub leaving: bool,
}

impl Driver {
    pub fn hear(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Ready(ready) => self.user = Some(ready.user.id),
            Event::GuildCreate(guild) => {
                tell(json!({ "event": "guild", "id": guild.id() }));
                // Other libraries call themselves ready when they have their guilds.
                if let Some(user) = self.user.take() {
                    tell(json!({ "event": "ready", "user": user }));
                }
            }
            Event::MessageCreate(message) => tell(json!({
                "event": "message",
                "id": message.id,
                "channel": message.channel_id,
                "author": message.author.id,
                "content": message.content,
            })),
            Event::MessageUpdate(message) => {
                tell(json!({ "event": "edit", "id": message.id, "content": message.content }));
            }
            Event::ReactionAdd(reaction) => tell_reaction(&reaction),
            Event::PresenceUpdate(presence) => tell_presence(&presence),
            Event::MemberChunk(chunk) => self.collect(chunk),
            Event::Resumed => tell(json!({ "event": "resumed" })),
            Event::GatewayClose(frame) => {
                tell(json!({ "event": "disconnected", "code": frame.map(|frame| frame.code) }));
            }
            Event::GatewayInvalidateSession(resumable) => bail!("invalid session: {resumable}"),
            _ => {}
        }
        Ok(())
    }

    fn collect(&mut self, chunk: MemberChunk) {
        let nonce = chunk.nonce.unwrap_or_default();
        let names = self.members.entry(nonce.clone()).or_default();
        names.extend(chunk.members.into_iter().map(|member| member.user.name));
        if chunk.chunk_index + 1 == chunk.chunk_count {
            let mut names = self.members.remove(&nonce).unwrap_or_default();
            names.sort();
            tell(json!({ "event": "members", "names": names }));
        }
    }
}

fn tell_reaction(reaction: &ReactionAdd) {
    let emoji = match &reaction.emoji {
        EmojiReactionType::Custom { name, .. } => name.as_deref(),
        EmojiReactionType::Unicode { name } => Some(name.as_str()),
    };
    let (message, user) = (reaction.message_id, reaction.user_id);
    tell(json!({ "event": "reaction", "message": message, "user": user, "emoji": emoji }));
}

fn tell_presence(presence: &Presence) {
    let (user, status) = (presence.user.id(), &presence.status);
    let playing = presence.activities.first().map(|activity| &activity.name);
    tell(json!({ "event": "presence", "user": user, "status": status, "playing": playing }));
}
