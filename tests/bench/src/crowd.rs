//! A whole node with a guild full of sessions on in-memory links.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use serde_json::json;
use throng_engine::policy::Policy;
use throng_plugin_store_memory::MemoryStore;
use throng_ports::hub::{Facts, GuildDraft, Hub as _};
use throng_ports::link::Listener;
use throng_ports::policy::PolicyHost;
use throng_ports::store::Store;
use throng_ports::token::Tokens;
use throng_proto::command::{Actor, Command, MessageDraft};
use throng_proto::id::{ChannelId, GuildId, Id, UserId};
use throng_proto::model::{
    Channel, ChannelKind, Guild, Member, Overwrite, OverwriteKind, Profile, Role, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;
use throng_proto::token::Token;
use throng_shell::{Config, Node, Parts};
use throng_transport_memory::{Client, Dialer, listen};

/// Sessions that one user has.
pub(crate) const SESSIONS_PER_USER: usize = 10;
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
    pub guild: GuildId,
    /// Its only channel.
    pub channel: ChannelId,
    /// A channel that only the author sees.
    pub study: ChannelId,
    author: User,
    tokens: Vec<String>,
    /// Clients that count and keep nothing.
    clients: Vec<Client>,
}

/// A guild that a store has, and who may enter it.
#[derive(Debug)]
pub struct Hall {
    /// The guild.
    pub guild: GuildId,
    /// A channel that everybody sees.
    pub channel: ChannelId,
    /// A channel that only the author sees.
    pub study: ChannelId,
    /// The owner.
    pub author: User,
    /// Secrets of users, which are their ids.
    pub tokens: Vec<String>,
}

/// Starts a node without listeners, in which nothing is limited that a crowd would meet.
///
/// # Errors
///
/// The node cannot start.
pub async fn start<P: Policy + PolicyHost>(
    policy: Arc<P>,
    store: Arc<dyn Store>,
) -> anyhow::Result<Node> {
    let mut config = Config::default();
    config.gateway.heartbeat_interval_ms = 86_400_000;
    config.gateway.heartbeat_timeout_ms = 2 * 86_400_000;
    config.gateway.identifies_per_5s = u32::MAX;
    config.replay.events_max = 20_000;
    // Everybody enters at once, and nobody is to be refused for it.
    config.overload.looks_up = u32::MAX;
    let node = Node::start(Parts {
        config,
        store,
        policy: Arc::clone(&policy) as _,
        policies: policy,
        tokens: Arc::new(PlainTokens),
        facts: Facts {
            gateway_url: "ws://memory".to_owned(),
            shards: 1,
            identifies_total: 1_000,
            max_concurrency: 16,
        },
        connections_max: usize::MAX / 2,
    })
    .await?;
    Ok(node)
}

/// Returns the digest of a user's secret.
#[must_use]
pub fn digest(user: UserId) -> [u8; 32] {
    PlainTokens.digest(&PlainTokens.issue(user))
}

/// Tokens that are the user's id.
#[derive(Debug)]
struct PlainTokens;

impl Tokens for PlainTokens {
    fn issue(&self, user: UserId) -> Token {
        Token::parse(&user.to_string())
    }

    fn digest(&self, token: &Token) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.iter_mut().zip(token.expose().bytes()).for_each(|(to, from)| *to = from);
        digest
    }

    fn verify(&self, _: &Token) -> Option<UserId> {
        None
    }
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
        let (listener, dialer) = listen(BACKLOG);
        let users = sessions.div_ceil(SESSIONS_PER_USER);
        let store = Arc::new(MemoryStore::new());
        let mut crowd = Self::open(policy, store, Box::new(listener), users).await?;
        crowd.fill(&dialer, sessions).await?;
        Ok(crowd)
    }

    /// Starts a node under a policy, with a guild of so many users and nobody in it yet.
    ///
    /// # Errors
    ///
    /// The node cannot start.
    pub async fn open<P: Policy + PolicyHost>(
        policy: Arc<P>,
        store: Arc<dyn Store>,
        listener: Box<dyn Listener>,
        users: usize,
    ) -> anyhow::Result<Self> {
        let node = start(policy, store).await?;
        let serving = node.clone();
        tokio::spawn(async move { serving.serve(listener).await });
        Self::found(node, users).await
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
        let Hall { guild, channel, study, author, tokens } = hall;
        let mut crowd = Self { node, guild, channel, study, author, tokens, clients: Vec::new() };
        crowd.fill(&dialer, sessions).await?;
        Ok(crowd)
    }

    /// Returns the secrets of the users.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Makes the users and the guild.
    async fn found(node: Node, users: usize) -> anyhow::Result<Self> {
        let (mut members, mut tokens) = (Vec::with_capacity(users), Vec::with_capacity(users));
        let joined = Timestamp::from_millis(1_600_000_000_000);
        let mut author = None;
        for number in 0..users {
            let made = node.create_user(format!("user{number}"), false).await;
            let (user, token) = made.map_err(|refusal| anyhow!("no user: {refusal}"))?;
            tokens.push(token);
            author.get_or_insert_with(|| user.clone());
            members.push(Member { user, profile: Profile::new(joined, Vec::new()) });
        }
        let author = author.context("a crowd needs at least one session")?;
        let guild = GuildId::new(node.next_id());
        let channel: ChannelId = Id::new(node.next_id());
        let study: ChannelId = Id::new(node.next_id());
        let mut hidden = Channel::new(study, guild, "study", ChannelKind::TEXT);
        hidden.permission_overwrites.push(Overwrite {
            id: guild.cast(),
            kind: OverwriteKind::Role,
            allow: Permissions::NONE,
            deny: Permissions::VIEW_CHANNEL,
        });
        let everyone = Role::new(guild.cast(), "@everyone", Permissions::DEFAULT);
        let draft = GuildDraft {
            guild: Guild::new(guild, "crowd", author.id),
            roles: vec![everyone],
            channels: vec![Channel::new(channel, guild, "general", ChannelKind::TEXT), hidden],
            members,
        };
        let made = node.create_guild(draft).await;
        made.map_err(|refusal| anyhow!("no guild: {refusal}"))?;
        Ok(Self { node, guild, channel, study, author, tokens, clients: Vec::new() })
    }

    async fn fill(&mut self, dialer: &Dialer, sessions: usize) -> anyhow::Result<()> {
        self.clients.reserve_exact(sessions);
        for number in 0..sessions {
            let client = loop {
                match dialer.dial_sink("v=10&encoding=json") {
                    Ok(client) => break client,
                    Err(_) => tokio::task::yield_now().await,
                }
            };
            let token = &self.tokens[number / SESSIONS_PER_USER];
            client.send(identify(token));
            self.clients.push(client);
        }
        self.attached(sessions).await
    }

    async fn attached(&self, sessions: usize) -> anyhow::Result<()> {
        let wanted = sessions as u64;
        let entered = wait_until(|| self.attachments().iter().sum::<u64>() >= wanted);
        if tokio::time::timeout(Duration::from_secs(600), entered).await.is_err() {
            bail!("only {:?} of {sessions} sessions entered", self.attachments());
        }
        Ok(())
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
        let posted = self.node.command(self.guild, Actor::User(self.author.clone()), command).await;
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
