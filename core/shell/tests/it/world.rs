//! A node with users, one guild and clients, as stories need them.

mod look;
mod player;
mod record;
mod screen;
mod switch;
mod witness;

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use throng_plugin_store_memory::MemoryStore;
use throng_ports::hub::{Facts, GuildDraft, Guilds as _, Operations as _, Provisions as _};
use throng_ports::link::Listener;
use throng_ports::store::Store;
use throng_ports::token::{Signed, Tokens};
use throng_proto::command::{Actor, Command, MemberPatch, MessageDraft, Outcome};
use throng_proto::id::{ChannelId, GuildId, Id, RoleId, UserId};
use throng_proto::model::{
    Channel, ChannelKind, Guild, Member, Overwrite, OverwriteKind, Profile, Role, User,
};
use throng_proto::permissions::Permissions;
use throng_proto::time::Timestamp;
use throng_proto::token::Token;
use throng_shell::{Config, Node, Parts, PlaceLimits};
use throng_transport_memory::{Dialer, MemoryListener, listen};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

pub(crate) use look::{becomes, found};
pub(crate) use player::{Player, identify};
pub(crate) use record::RecordedStore;
pub(crate) use screen::Screen;
pub(crate) use switch::{Switch, Verdicts};
pub(crate) use witness::{Witness, WitnessListener};

/// Longer than any step takes on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Tokens that name their user and nothing else.
struct NamedTokens;

impl Tokens for NamedTokens {
    fn issue(&self, user: UserId) -> Token {
        Token::parse(&format!("token-{user}"))
    }

    fn digest(&self, token: &Token) -> [u8; 32] {
        let mut digest = [0_u8; 32];
        for (place, byte) in token.expose().bytes().enumerate() {
            let to = &mut digest[place % 32];
            *to = to.wrapping_mul(31).wrapping_add(byte);
        }
        digest
    }

    fn verify(&self, token: &Token) -> Option<Signed> {
        let (user, end) = token.expose().strip_prefix("signed-")?.split_once('-')?;
        Some(Signed {
            user: user.parse().ok()?,
            issued_at: None,
            expires_at: Timestamp::from_millis(end.parse().ok()?),
        })
    }
}

/// Returns a signed token of a user that is good until a moment in milliseconds.
pub(crate) fn signed(user: UserId, end: u64) -> String {
    format!("signed-{user}-{end}")
}

/// A user and its secret.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) token: String,
}

impl Account {
    pub(crate) fn id(&self) -> UserId {
        self.user.id
    }
}

/// A guild with a text channel that everybody sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hall {
    pub(crate) id: GuildId,
    pub(crate) channel: ChannelId,
    /// A role that nobody has at first and everybody may mention.
    pub(crate) role: RoleId,
}

/// A node and everything around it. Guilds run on a runtime of its own, so that it can crash.
pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) store: MemoryStore,
    pub(crate) dialer: Dialer,
    runtime: Option<Runtime>,
}

/// What a node is made of, where stories differ.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) store: MemoryStore,
    /// Takes the place of `store` in front of the node.
    pub(crate) seen_as: Option<Arc<dyn Store>>,
    /// Wraps the listener.
    pub(crate) witness: Option<Arc<Witness>>,
    /// Changes while the node runs.
    pub(crate) policy: Option<Arc<Switch>>,
}

impl Default for Setup {
    fn default() -> Self {
        let mut config = Config { workers: 2, ..Config::default() };
        config.limits.payloads_max = 10_000;
        // Tests that run beside this one are no traffic that goes first.
        config.jobs.niceness = 0;
        Self { config, store: MemoryStore::new(), seen_as: None, witness: None, policy: None }
    }
}

impl Setup {
    pub(crate) async fn start(self) -> World {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (listener, dialer) = listen(1024);
        let store = self.store.clone();
        let capacity = self.config.relay.capacity;
        let switch = self.policy.unwrap_or_else(|| Switch::new(capacity));
        let parts = Parts {
            policy: Arc::clone(&switch) as _,
            policies: switch,
            config: self.config,
            store: self.seen_as.unwrap_or_else(|| Arc::new(self.store)),
            tokens: Arc::new(NamedTokens),
            facts: Facts {
                gateway_url: "ws://memory".to_owned(),
                shards: 1,
                identifies_total: 1000,
                max_concurrency: 16,
            },
            places: PlaceLimits { connections_max: 1_024, http_max: 256, ..PlaceLimits::default() },
        };
        let node = patient(runtime.spawn(Node::start(parts))).await.unwrap().unwrap();
        let listener = boxed(listener, self.witness);
        let serving = node.clone();
        runtime.spawn(async move { serving.serve(listener).await });
        World { node, store, dialer, runtime: Some(runtime) }
    }
}

fn boxed(listener: MemoryListener, witness: Option<Arc<Witness>>) -> Box<dyn Listener> {
    match witness {
        Some(witness) => Box::new(WitnessListener { listener, witness }),
        None => Box::new(listener),
    }
}

/// Waits for something that must happen.
pub(crate) async fn patient<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it should have happened by now")
}

impl World {
    pub(crate) async fn new() -> Self {
        Setup::default().start().await
    }

    /// Runs on the node's own runtime what starts tasks there.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> T {
        patient(self.runtime.as_ref().unwrap().spawn(future)).await.unwrap()
    }

    /// Lets what is called next start tasks on the node's own runtime.
    pub(crate) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.runtime.as_ref().unwrap().enter()
    }

    /// Ends the node as a crash would: guilds stop where they are, and nothing says goodbye.
    pub(crate) async fn crash(mut self) -> MemoryStore {
        let runtime = self.runtime.take().unwrap();
        let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE));
        patient(ended).await.unwrap();
        self.store.clone()
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    pub(crate) fn id<M>(&self) -> Id<M> {
        Id::new(self.node.next_id())
    }

    pub(crate) async fn user(&self, name: &str) -> Account {
        let (user, token) = self.run(self.node.create_user(name.to_owned(), false)).await.unwrap();
        Account { user, token }
    }

    pub(crate) async fn users<const N: usize>(&self) -> [Account; N] {
        let mut accounts = Vec::new();
        for number in 0..N {
            accounts.push(self.user(&format!("user{number}")).await);
        }
        accounts.try_into().unwrap()
    }

    /// Makes a guild; the first member owns it.
    pub(crate) async fn guild(&self, members: &[&Account]) -> Hall {
        let hall = Hall { id: self.id(), channel: self.id(), role: self.id() };
        let joined = Timestamp::from_millis(1_600_000_000_000);
        let mut role = Role::new(hall.role, "readers", Permissions::NONE);
        role.position = 1;
        role.mentionable = true;
        let everyone = Role::new(hall.id.cast(), "@everyone", Permissions::DEFAULT);
        let member = |account: &&Account| Member {
            user: account.user.clone(),
            profile: Profile::new(joined, Vec::new()),
        };
        let draft = GuildDraft {
            guild: Guild::new(hall.id, "hall", members[0].id()),
            roles: vec![everyone, role],
            channels: vec![Channel::new(hall.channel, hall.id, "general", ChannelKind::TEXT)],
            members: members.iter().map(member).collect(),
        };
        let node = self.node.clone();
        self.run(async move { node.create_guild(draft).await }).await.unwrap();
        hall
    }

    /// Connects a client and lets it identify.
    pub(crate) async fn join(&self, account: &Account) -> Player {
        self.join_as(account, identify(account)).await
    }

    /// As [`World::join`], saying what IDENTIFY says.
    pub(crate) async fn join_as(&self, account: &Account, d: serde_json::Value) -> Player {
        let mut player = self.dial(account).await;
        player.send(2, &d);
        let ready = player.expect("READY").await;
        player.session = ready["session_id"].as_str().unwrap().to_owned();
        player.guilds = ready["guilds"].as_array().unwrap().len();
        for _ in 0..player.guilds {
            player.expect("GUILD_CREATE").await;
        }
        player
    }

    /// Connects a client that has only heard HELLO.
    pub(crate) async fn dial(&self, account: &Account) -> Player {
        let link = self.dialer.dial(1 << 20, "v=10&encoding=json").unwrap();
        let mut player = Player::new(link, account.clone());
        assert_eq!(player.control().await["op"], 10);
        player
    }

    /// Connects again and asks to go on after `sequence`.
    pub(crate) async fn resume(&self, session: &str, account: &Account, sequence: u64) -> Player {
        let mut player = self.dial(account).await;
        player.session = session.to_owned();
        player.sequence = sequence;
        player.ask_resume();
        player
    }

    pub(crate) async fn command(&self, guild: GuildId, by: &Account, what: Command) -> Outcome {
        patient(self.node.command(guild, Actor::User(by.user.clone()), what)).await
    }

    /// Posts without waiting for the answer.
    pub(crate) fn posting(
        &self,
        hall: Hall,
        by: &Account,
        content: &str,
    ) -> impl Future<Output = Outcome> + Send + use<> {
        let draft = MessageDraft { content: Some(content.to_owned()), ..MessageDraft::default() };
        let command = Command::MessageCreate(hall.channel, Box::new(draft));
        self.node.command(hall.id, Actor::User(by.user.clone()), command)
    }

    /// Hands a post over to its guild before anything else, and returns its answer to come.
    pub(crate) async fn begin_post(
        &self,
        hall: Hall,
        by: &Account,
        content: &str,
    ) -> JoinHandle<Outcome> {
        let mut posting = Box::pin(self.posting(hall, by, content));
        let waits = |cx: &mut Context<'_>| Poll::Ready(posting.as_mut().poll(cx).is_pending());
        assert!(std::future::poll_fn(waits).await, "the answer should wait");
        tokio::spawn(posting)
    }

    pub(crate) async fn post(&self, hall: Hall, by: &Account, content: &str) {
        patient(self.posting(hall, by, content)).await.unwrap();
    }

    /// Does something as an operator, without waiting for the answer.
    pub(crate) fn operator(
        &self,
        hall: Hall,
        command: Command,
    ) -> impl Future<Output = Outcome> + Send + use<> {
        self.node.command(hall.id, Actor::Operator, command)
    }

    pub(crate) async fn add(&self, hall: Hall, user: &Account) {
        let put = Command::MemberPut(user.user.clone(), MemberPatch::default());
        patient(self.operator(hall, put)).await.unwrap();
    }

    /// Denies everybody the sight of the guild's channel, or allows it again.
    pub(crate) async fn hide(&self, hall: Hall, owner: &Account, hidden: bool) {
        let command = if hidden {
            let overwrite = Overwrite {
                id: hall.id.cast(),
                kind: OverwriteKind::Role,
                allow: Permissions::NONE,
                deny: Permissions::VIEW_CHANNEL,
            };
            Command::OverwritePut(hall.channel, overwrite)
        } else {
            Command::OverwriteDelete(hall.channel, hall.id.cast())
        };
        self.command(hall.id, owner, command).await.unwrap();
    }

    /// Sums a metric over workers.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let page = self.node.metrics();
        let samples = page.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        let numbers = samples.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
        numbers.fold(0, u64::saturating_add)
    }

    /// Returns how often a limit has refused.
    pub(crate) fn refusals(&self, limit: &str) -> u64 {
        self.metric_of(&format!("throng_refusals_total{{limit=\"{limit}\"}}"))
    }

    fn metric_of(&self, sample: &str) -> u64 {
        let page = self.node.metrics();
        let line = page.lines().find_map(|line| line.strip_prefix(sample));
        line.map_or(0, |count| count.trim().parse().unwrap())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end();
    }
}
