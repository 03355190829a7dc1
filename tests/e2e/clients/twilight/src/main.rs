//! Drives unmodified twilight crates by lines of JSON; see `src/driver.rs` for the words.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, Write as _};
use std::os::fd::RawFd;
use std::thread;

use anyhow::{Context as _, Result, bail};
use rustix::net::{Shutdown, shutdown};
use rustix::process::{
    PidfdFlags, PidfdGetfdFlags, Signal, getpid, kill_process, pidfd_getfd, pidfd_open,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use twilight_gateway::error::ReceiveMessageErrorType;
use twilight_gateway::{
    CloseFrame, ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _,
};
use twilight_http::Client;
use twilight_model::gateway::payload::incoming::MemberChunk;
use twilight_model::gateway::payload::outgoing::RequestGuildMembers;
use twilight_model::id::Id;
use twilight_model::id::marker::UserMarker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let config = std::env::args().nth(1).context("usage: throng-e2e-twilight CONFIG")?;
    let config: Value = serde_json::from_str(&config)?;
    if let Err(error) = run(&config).await {
        tell(json!({ "event": "fatal", "reason": format!("{error:#}") }));
        return Err(error);
    }
    Ok(())
}

async fn run(config: &Value) -> Result<()> {
    let text = |key: &str| config[key].as_str().map(str::to_owned).context("a key is missing");
    let (token, gateway) = (text("token")?, text("gateway")?);
    let host = gateway.strip_prefix("ws://").context("not ws://")?.to_owned();
    let intents = Intents::GUILDS
        | Intents::GUILD_MEMBERS
        | Intents::GUILD_MESSAGES
        | Intents::MESSAGE_CONTENT;
    let settings = ConfigBuilder::new(token.clone(), intents).proxy_url(gateway).build();
    let http = Client::builder().token(token).proxy(host.clone(), true).build();
    let shard = Shard::with_config(ShardId::ONE, settings);
    let mut driver =
        Driver { shard, http, host, members: HashMap::new(), user: None, leaving: false };
    let mut orders = orders();
    loop {
        tokio::select! {
            event = driver.shard.next_event(EventTypeFlags::all()) => match event {
                Some(Ok(event)) => driver.hear(event)?,
                // The library reconnects by itself; the test must notice what cannot be read.
                Some(Err(error)) => match error.kind() {
                    ReceiveMessageErrorType::Reconnect => eprintln!("{error}: {error:?}"),
                    _ => bail!("{error}: {error:?}"),
                },
                None if driver.leaving => return Ok(()),
                None => bail!("closed for good"),
            },
            order = orders.recv() => match order {
                Some(order) => driver.obey(&order).await?,
                None => return Ok(()),
            },
        }
        if driver.leaving {
            return Ok(());
        }
    }
}

struct Driver {
    shard: Shard,
    http: Client,
    host: String,
    /// Names of each request's members, until the last chunk.
    members: HashMap<String, Vec<String>>,
    /// Who READY said this is, until the first guild.
    user: Option<Id<UserMarker>>,
    leaving: bool,
}

impl Driver {
    fn hear(&mut self, event: Event) -> Result<()> {
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

    async fn obey(&mut self, order: &Value) -> Result<()> {
        let id = |key: &str| -> Result<u64> { Ok(order[key].as_str().context("no id")?.parse()?) };
        match order["do"].as_str() {
            Some("post") => {
                let content = order["content"].as_str().context("no content")?;
                let request = self.http.create_message(Id::new(id("channel")?)).content(content);
                let message = request.await?.model().await?;
                tell(json!({ "event": "posted", "id": message.id, "content": message.content }));
            }
            Some("members") => {
                let request = RequestGuildMembers::builder(Id::new(id("guild")?)).nonce("n");
                let query = order["query"].as_str().unwrap_or_default();
                let limit = (!query.is_empty()).then_some(100);
                self.shard.command(&request.query(query, limit));
            }
            Some("drop") => self.drop_socket()?,
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

    /// Cuts the connections to the gateway under the library, which does not give them out.
    fn drop_socket(&self) -> Result<()> {
        let port: u16 = self.host.rsplit(':').next().context("no port")?.parse()?;
        let own = pidfd_open(getpid(), PidfdFlags::empty())?;
        for file in sockets_to(port)? {
            shutdown(pidfd_getfd(&own, file, PidfdGetfdFlags::empty())?, Shutdown::Both)?;
        }
        tell(json!({ "event": "dropped" }));
        // Stops here, so that nothing is resumed before the test says so.
        Ok(kill_process(getpid(), Signal::STOP)?)
    }
}

/// Lists this process's files that are TCP connections to `port` on loopback.
fn sockets_to(port: u16) -> Result<Vec<RawFd>> {
    let remote = format!("0100007F:{port:04X}");
    let table = fs::read_to_string("/proc/self/net/tcp")?;
    let inodes: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|columns| columns.get(2) == Some(&remote.as_str()))
        .filter_map(|columns| columns.get(9).map(|inode| format!("socket:[{inode}]")))
        .collect();
    let mut files = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let path = entry?.path();
        // The file that lists the folder is gone when it is looked at.
        let Ok(target) = fs::read_link(&path) else { continue };
        if inodes.iter().any(|inode| target.as_os_str() == inode.as_str()) {
            let name = path.file_name().and_then(|name| name.to_str());
            files.push(name.context("an odd file")?.parse()?);
        }
    }
    if files.is_empty() {
        bail!("no connection to cut");
    }
    Ok(files)
}

/// Reads orders on a thread of its own.
fn orders() -> mpsc::Receiver<Value> {
    let (sender, orders) = mpsc::channel(16);
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(order) = serde_json::from_str(&line) else { return };
            if sender.blocking_send(order).is_err() {
                return;
            }
        }
    });
    orders
}

fn tell(event: Value) {
    let mut out = std::io::stdout().lock();
    // When nobody reads, nobody waits for it.
    drop(writeln!(out, "{event}").and_then(|()| out.flush()));
}
