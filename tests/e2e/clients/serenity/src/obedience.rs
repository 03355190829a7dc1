//! Does what it is told with serenity.

use anyhow::{Context as _, Result, bail};
use lines::{id, tell, text};
use serde_json::{Value, json};
use serenity::all::{
    ActivityData, ChannelId, ChunkGuildFilter, EditMessage, GetMessages, GuildId, Http, MessageId,
    ReactionType,
};

use crate::commands;
use crate::ears::Ears;

pub async fn obey(order: &Value, http: &Http, ears: &Ears, host: &str) -> Result<()> {
    match order["do"].as_str() {
        Some("post") => {
            let message = channel(order)?.say(http, text(order, "content")?).await?;
            tell(json!({ "event": "posted", "id": message.id, "content": message.content }));
        }
        Some("edit") => {
            let edit = EditMessage::new().content(text(order, "content")?);
            let edited = channel(order)?.edit_message(http, message(order)?, edit).await?;
            tell(json!({ "event": "edited", "id": edited.id, "content": edited.content }));
        }
        Some("react") => {
            let emoji = ReactionType::Unicode(text(order, "emoji")?.to_owned());
            channel(order)?.create_reaction(http, message(order)?, emoji).await?;
            tell(json!({ "event": "reacted" }));
        }
        Some("presence") => {
            let status = serde_json::from_value(order["status"].clone())?;
            let activity = ActivityData::playing(text(order, "playing")?);
            ears.shard().context("not ready")?.set_presence(Some(activity), status);
        }
        Some("history") => history(channel(order)?, http).await?,
        Some("members") => {
            let filter = match order["query"].as_str() {
                Some(query) => ChunkGuildFilter::Query(query.to_owned()),
                None => ChunkGuildFilter::None,
            };
            let limit = order["query"].is_string().then_some(100);
            let (guild, shard) = (GuildId::new(id(order, "guild")?), ears.shard());
            let shard = shard.context("not ready")?;
            shard.chunk_guild(guild, limit, false, filter, Some("n".into()));
        }
        Some("commands") => commands::register(order, http).await?,
        Some("drop") => lines::drop_connections(host)?,
        other => bail!("what is {other:?}?"),
    }
    Ok(())
}

fn channel(order: &Value) -> Result<ChannelId> {
    Ok(ChannelId::new(id(order, "channel")?))
}

fn message(order: &Value) -> Result<MessageId> {
    Ok(MessageId::new(id(order, "message")?))
}

async fn history(channel: ChannelId, http: &Http) -> Result<()> {
    let (mut ids, mut pages) = (Vec::new(), GetMessages::new().limit(100));
    loop {
        let page = channel.messages(http, pages).await?;
        ids.extend(page.iter().map(|message| message.id));
        match page.last() {
            Some(last) if page.len() == 100 => pages = pages.before(last.id),
            _ => break,
        }
    }
    tell(json!({ "event": "history", "ids": ids }));
    Ok(())
}
