//! Does what it is told with twilight.

use anyhow::{Result, bail};
use lines::{id, tell, text};
use serde_json::{Value, json};
use twilight_gateway::{CloseFrame, Event, EventTypeFlags, StreamExt as _};
use twilight_http::request::channel::reaction::RequestReactionType;
use twilight_model::gateway::payload::outgoing::{RequestGuildMembers, UpdatePresence};
use twilight_model::gateway::presence::{ActivityType, MinimalActivity, Status};
use twilight_model::id::Id;
use twilight_model::id::marker::ChannelMarker;

use crate::driver::Driver;

impl Driver {
    pub async fn obey(&mut self, order: &Value) -> Result<()> {
        match order["do"].as_str() {
            Some("post") => {
                let request = self.http.create_message(Id::new(id(order, "channel")?));
                let message = request.content(text(order, "content")?).await?.model().await?;
                tell(json!({ "event": "posted", "id": message.id, "content": message.content }));
            }
            Some("edit") => self.edit(order).await?,
            Some("react") => self.react(order).await?,
            Some("presence") => self.show(order)?,
            Some("history") => self.history(Id::new(id(order, "channel")?)).await?,
            Some("members") => {
                let request = RequestGuildMembers::builder(Id::new(id(order, "guild")?)).nonce("n");
                let query = order["query"].as_str().unwrap_or_default();
                let limit = (!query.is_empty()).then_some(100);
                self.shard.command(&request.query(query, limit));
            }
            Some("commands") => self.commands(order).await?,
            Some("drop") => lines::drop_connections(&self.host)?,
            Some("close") => self.close().await,
            other => bail!("what is {other:?}?"),
        }
        Ok(())
    }

    async fn edit(&self, order: &Value) -> Result<()> {
        let (channel, message) = (id(order, "channel")?, id(order, "message")?);
        let request = self.http.update_message(Id::new(channel), Id::new(message));
        let edited = request.content(Some(text(order, "content")?)).await?.model().await?;
        tell(json!({ "event": "edited", "id": edited.id, "content": edited.content }));
        Ok(())
    }

    async fn react(&self, order: &Value) -> Result<()> {
        let (channel, message) = (id(order, "channel")?, id(order, "message")?);
        let emoji = RequestReactionType::Unicode { name: text(order, "emoji")? };
        self.http.create_reaction(Id::new(channel), Id::new(message), &emoji).await?;
        tell(json!({ "event": "reacted" }));
        Ok(())
    }

    fn show(&self, order: &Value) -> Result<()> {
        let name = text(order, "playing")?.to_owned();
        let activity = MinimalActivity { kind: ActivityType::Playing, name, url: None };
        let status: Status = serde_json::from_value(order["status"].clone())?;
        self.shard.command(&UpdatePresence::new([activity.into()], false, None, status)?);
        Ok(())
    }

    async fn history(&self, channel: Id<ChannelMarker>) -> Result<()> {
        let (mut ids, mut before) = (Vec::new(), Id::new(u64::MAX >> 1));
        loop {
            let request = self.http.channel_messages(channel).before(before).limit(100);
            let page = request.await?.models().await?;
            ids.extend(page.iter().map(|message| message.id));
            match page.last() {
                Some(last) if page.len() == 100 => before = last.id,
                _ => break,
            }
        }
        tell(json!({ "event": "history", "ids": ids }));
        Ok(())
    }

    async fn close(&mut self) {
        self.shard.close(CloseFrame::NORMAL);
        while let Some(Ok(event)) = self.shard.next_event(EventTypeFlags::all()).await {
            if matches!(event, Event::GatewayClose(_)) {
                break;
            }
        }
        self.leaving = true;
    }
}
