//! A whole node with a guild full of sessions on in-memory links.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail};
use serde_json::json;
use tempfile::TempDir;
use throng_engine::policy::Policy;
use throng_ports::hub::{Guilds as _, Operations as _};
use throng_ports::link::Listener;
use throng_ports::policy::PolicyHost;
use throng_proto::command::{Actor, Command, MessageDraft};
use throng_proto::id::ChannelId;
use throng_shell::Node;
use throng_transport_memory::{Client, Dialer, listen};

use crate::hall::{self, Hall};

/// Sessions that one user has.
pub(crate) const SESSIONS_PER_USER: usize = 10;
/// Sessions that enter at the same time: a store refuses more, and clients come again later.
const ENTERING_MAX: usize = 512;
/// Dispatches that a session begins with: READY and GUILD_CREATE.
const BEGINNING: u64 = 2;
/// Connections that wait for the listener at the same time.
const BACKLOG: usize = 4_096;
/// GUILDS, GUILD_MESSAGES and MESSAGE_CONTENT: what a quiet reader asks for.
const INTENTS: u64 = 1 | 1 << 9 | 1 << 15;

/// A node, one guild, and its sessions.
#[derive(Debug)]
pub struct Crowd {
    /// The node.
    pub node: Node,
    /// The guild.
    pub hall: Hall,
    /// Clients that count and keep nothing.
    clients: Vec<Client>,
    /// What the node writes, if it is to go with the crowd.
    folder: Option<TempDir>,
}

impl Crowd {
    /// Starts a node under a policy and lets `sessions` sessions enter one guild.
    ///
    /// # Errors
    ///
    /// The node cannot start, or not everybody gets in.
    pub async fn enter<P: Policy + PolicyHost>(
        policy: Arc<P>,
        sessions: usize,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let users = sessions.div_ceil(SESSIONS_PER_USER);
        let hall = Hall::build(folder.path(), users, users).await?;
        let node = hall::start(policy, folder.path()).await?;
        let mut crowd = Self::around(node, hall, sessions).await?;
        crowd.folder = Some(folder);
        Ok(crowd)
    }

    /// Starts a node under a policy, with a guild of so many users and nobody in it yet.
    ///
    /// # Errors
    ///
    /// The node cannot start.
    pub async fn open<P: Policy + PolicyHost>(
        policy: Arc<P>,
        folder: &Path,
        listener: Box<dyn Listener>,
        users: usize,
    ) -> anyhow::Result<Self> {
        let hall = Hall::build(folder, users, users).await?;
        let node = hall::start(policy, folder).await?;
        let serving = node.clone();
        tokio::spawn(async move { serving.serve(listener).await });
        Ok(Self { node, hall, clients: Vec::new(), folder: None })
    }

    /// Lets sessions enter a guild that a node has loaded.
    ///
    /// # Errors
    ///
    /// Not everybody gets in.
    pub async fn around(node: Node, hall: Hall, sessions: usize) -> anyhow::Result<Self> {
        let (listener, dialer) = listen(BACKLOG);
        let serving = node.clone();
        tokio::spawn(async move { serving.serve(Box::new(listener)).await });
        let mut crowd = Self { node, hall, clients: Vec::new(), folder: None };
        crowd.fill(&dialer, sessions).await?;
        Ok(crowd)
    }

    async fn fill(&mut self, dialer: &Dialer, sessions: usize) -> anyhow::Result<()> {
        self.clients.reserve_exact(sessions);
        for number in 0..sessions {
            if let Some(earlier) = number.checked_sub(ENTERING_MAX) {
                self.entered(earlier).await?;
            }
            let client = loop {
                match dialer.dial_sink("v=10&encoding=json") {
                    Ok(client) => break client,
                    Err(_) => tokio::task::yield_now().await,
                }
            };
            let token = &self.hall.tokens[number / SESSIONS_PER_USER];
            client.send(identify(token));
            self.clients.push(client);
        }
        for number in sessions.saturating_sub(ENTERING_MAX)..sessions {
            self.entered(number).await?;
        }
        // Gauges follow a little later.
        wait_until(|| self.attachments().iter().sum::<u64>() >= sessions as u64).await;
        Ok(())
    }

    /// Waits until a session has what it begins with.
    async fn entered(&self, number: usize) -> anyhow::Result<()> {
        let client = &self.clients[number];
        wait_until(|| client.dispatches() >= BEGINNING || client.close_code().is_some()).await;
        match client.close_code() {
            Some(code) => bail!("session {number} was closed with {code}"),
            None => Ok(()),
        }
    }

    /// Counts attachments by mode, as metrics do.
    #[must_use]
    pub fn attachments(&self) -> [u64; 4] {
        let page = self.node.metrics();
        ["active", "conflated", "passive", "muted"].map(|mode| {
            let name = format!("throng_attachments{{mode=\"{mode}\"}} ");
            let sample = page.lines().find_map(|line| line.strip_prefix(&name));
            sample.and_then(|count| count.parse().ok()).unwrap_or(0)
        })
    }

    /// Sums a metric over its labels.
    #[must_use]
    pub fn metric(&self, name: &str) -> u64 {
        let page = self.node.metrics();
        let samples = page.lines().filter_map(|line| line.strip_prefix(name));
        let samples = samples.filter(|rest| rest.starts_with(['{', ' ']));
        samples.filter_map(|rest| rest.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// Tells whether everything that is due was handed to links.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.metric("throng_deliveries_total") <= self.metric("throng_frames_total")
    }

    /// Counts messages that have found their recipients, once for each of them.
    #[must_use]
    pub fn addressed(&self) -> u64 {
        let page = self.node.metrics();
        let name = "throng_deliveries_total{type=\"MESSAGE_CREATE\"} ";
        let sample = page.lines().find_map(|line| line.strip_prefix(name));
        sample.and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    /// Waits until so many messages have found their recipients and were handed to links. An
    /// acknowledgement comes before a message is on its way, so a node may look idle too soon.
    pub async fn handed(&self, addressed: u64) {
        wait_until(|| self.addressed() >= addressed && self.is_idle()).await;
    }

    /// Lets every client acknowledge what it was sent, as heartbeats do, and waits until nothing is
    /// kept for any of them alone.
    ///
    /// Workers keep what is younger than half a minute all the same.
    pub async fn acknowledge(&self) {
        for client in &self.clients {
            client.send(json!({"op": 1, "d": client.dispatches()}).to_string());
        }
        wait_until(|| self.metric("throng_replay_events") == 0).await;
    }

    /// Loads the policy again, and waits until every attachment was asked about it.
    ///
    /// # Errors
    ///
    /// The policy is broken.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.node.reload_policy().await?;
        wait_until(|| !self.node.policy().1.running).await;
        Ok(())
    }

    /// Returns how many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.clients.len()
    }

    /// Counts dispatches that each client was sent.
    #[must_use]
    pub fn received(&self) -> Vec<u64> {
        self.clients.iter().map(Client::dispatches).collect()
    }

    /// Counts dispatches that clients were sent.
    #[must_use]
    pub fn dispatches(&self) -> u64 {
        self.clients.iter().map(Client::dispatches).sum()
    }

    /// Posts a message and returns how long the acknowledgement took.
    ///
    /// # Errors
    ///
    /// The guild refuses.
    pub async fn post(&self, channel: ChannelId, content: &str) -> anyhow::Result<Duration> {
        let draft = MessageDraft { content: Some(content.to_owned()), ..MessageDraft::default() };
        let command = Command::MessageCreate(channel, Box::new(draft));
        let began = std::time::Instant::now();
        let posted = self
            .node
            .command(self.hall.guild, Actor::User(self.hall.author.clone()), command)
            .await;
        posted.map_err(|refusal| anyhow!("not posted: {refusal}"))?;
        Ok(began.elapsed())
    }
}

/// Returns the payload with which a session of a user begins.
#[must_use]
pub fn identify(token: &str) -> String {
    json!({"op": 2, "d": {"token": token, "intents": INTENTS,
        "properties": {"os": "linux", "browser": "bench", "device": ""}}})
    .to_string()
}

/// Waits until something is so, looking again every few milliseconds.
pub async fn wait_until(mut so: impl FnMut() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(5));
    while !so() {
        look.tick().await;
    }
}
