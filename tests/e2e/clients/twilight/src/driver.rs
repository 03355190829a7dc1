//! Does what it is told with twilight, and tells what twilight tells.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};
use twilight_gateway::{CloseFrame, Event, EventTypeFlags, Shard, StreamExt as _};
use twilight_http::Client;
use twilight_model::gateway::payload::incoming::MemberChunk;
use twilight_model::gateway::payload::outgoing::RequestGuildMembers;
use twilight_model::id::Id;
use twilight_model::id::marker::{ChannelMarker, UserMarker};

use crate::{cut, tell};

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

    pub async fn obey(&mut self, order: &Value) -> Result<()> {
        let id = |key: &str| -> Result<u64> { Ok(order[key].as_str().context("no id")?.parse()?) };
        match order["do"].as_str() {
            Some("post") => {
                let content = order["content"].as_str().context("no content")?;
                let request = self.http.create_message(Id::new(id("channel")?)).content(content);
                let message = request.await?.model().await?;
                tell(json!({ "event": "posted", "id": message.id, "content": message.content }));
            }
            Some("history") => self.history(Id::new(id("channel")?)).await?,
            Some("members") => {
                let request = RequestGuildMembers::builder(Id::new(id("guild")?)).nonce("n");
                let query = order["query"].as_str().unwrap_or_default();
                let limit = (!query.is_empty()).then_some(100);
                self.shard.command(&request.query(query, limit));
            }
            Some("drop") => {
                cut::connections_to(&self.host)?;
                tell(json!({ "event": "dropped" }));
                // Stops here, so that nothing is resumed before the test says so.
                kill_process(getpid(), Signal::STOP)?;
            }
            Some("close") => {
                self.shard.close(CloseFrame::NORMAL);
                while let Some(Ok(event)) = self.shard.next_event(EventTypeFlags::all()).await {
                    if matches!(event, Event::GatewayClose(_)) {
                        break;
                    }
                }
                self.leaving = true;
            }
            other => bail!("what is {other:?}?"),
        }
        Ok(())
    }
}
