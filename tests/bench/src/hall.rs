//! A guild on disk, and who may enter it.

use std::path::Path;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use throng_engine::policy::Policy;
use throng_plugin_store_sqlite::{Config as StoreConfig, SqliteStore};
use throng_ports::hub::Facts;
use throng_ports::policy::PolicyHost;
use throng_ports::store::Store as _;
use throng_ports::token::{Signed, Tokens};
use throng_proto::id::{ChannelId, GuildId, UserId};
use throng_proto::model::{Channel, ChannelKind, Guild, Overwrite, OverwriteKind, Role, User};
use throng_proto::permissions::Permissions;
use throng_proto::record::Write;
use throng_proto::time::Timestamp;
use throng_proto::token::Token;
use throng_shell::{Config, Node, Parts, PlaceLimits};

use crate::people::{ROLES, SPARE_ROLES, id, person, role};

/// The guild.
const GUILD: GuildId = GuildId::new(100_000_000_000_000_000);
/// A channel that everybody sees.
const OPEN: ChannelId = ChannelId::new(100_000_000_000_000_001);
/// A channel that only the owner sees.
const STUDY: ChannelId = ChannelId::new(100_000_000_000_000_002);
/// Members of one commit.
const BATCH: usize = 10_000;

/// A guild that is on disk.
#[derive(Clone, Debug)]
pub struct Hall {
    /// The guild.
    pub guild: GuildId,
    /// A channel that everybody sees.
    pub channel: ChannelId,
    /// A channel that only the author sees.
    pub study: ChannelId,
    /// The owner.
    pub author: User,
    /// Secrets of the members who may enter, which are their ids.
    pub tokens: Vec<String>,
}

impl Hall {
    /// Writes a guild into a folder: so many members, of whom the first `users` may enter.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub async fn build(folder: &Path, members: usize, users: usize) -> anyhow::Result<Self> {
        let store = SqliteStore::open(folder, StoreConfig::default())?;
        store.commit(founding()).await?;
        stream::iter((0..members).step_by(BATCH))
            .map(|first| {
                let numbers = first..(first + BATCH).min(members);
                store.commit(numbers.flat_map(|number| entry(number, users)).collect())
            })
            .buffered(2)
            .try_for_each(async |()| Ok(()))
            .await?;
        let tokens = (0..users).map(|number| id(number).to_string()).collect();
        let author = person(0).user;
        Ok(Self { guild: GUILD, channel: OPEN, study: STUDY, author, tokens })
    }
}

/// Starts a node without listeners on a folder, in which nothing is limited that a crowd would
/// meet.
///
/// # Errors
///
/// The node cannot start.
pub async fn start<P: Policy + PolicyHost>(policy: Arc<P>, folder: &Path) -> anyhow::Result<Node> {
    let mut config = Config::default();
    config.gateway.heartbeat_interval_ms = 86_400_000;
    config.gateway.heartbeat_timeout_ms = 2 * 86_400_000;
    config.gateway.identifies_per_5s = u32::MAX;
    config.replay.events_max = 20_000;
    // Everybody enters at once, and nobody is to be refused for it.
    config.overload.looks_up = u32::MAX;
    let node = Node::start(Parts {
        config,
        // A journal in memory would count as the sessions' own.
        store: Arc::new(SqliteStore::open(folder, StoreConfig::default())?),
        policy: Arc::clone(&policy) as _,
        policies: policy,
        tokens: Arc::new(PlainTokens),
        facts: Facts {
            gateway_url: "ws://memory".to_owned(),
            shards: 1,
            identifies_total: 1_000,
            max_concurrency: 16,
        },
        places: PlaceLimits {
            connections_max: usize::MAX / 2,
            http_max: usize::MAX / 2,
            ..PlaceLimits::default()
        },
    })
    .await?;
    Ok(node)
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

    fn verify(&self, _: &Token) -> Option<Signed> {
        None
    }
}

/// One member, with a token if it is one of the first.
fn entry(number: usize, users: usize) -> impl Iterator<Item = Write> {
    let user = id(number);
    let digest = PlainTokens.digest(&PlainTokens.issue(user));
    let token =
        (number < users).then_some(Write::Token { digest, user, made_at: Timestamp::default() });
    [Write::Member(GUILD, person(number))].into_iter().chain(token)
}

fn founding() -> Vec<Write> {
    let mut study = Channel::new(STUDY, GUILD, "study", ChannelKind::TEXT);
    study.permission_overwrites.push(Overwrite {
        id: GUILD.cast(),
        kind: OverwriteKind::Role,
        allow: Permissions::NONE,
        deny: Permissions::VIEW_CHANNEL,
    });
    let everyone = Role::new(GUILD.cast(), "@everyone", Permissions::DEFAULT);
    let roles = (0..ROLES + SPARE_ROLES)
        .map(|n| Role::new(role(n), format!("role {n}"), Permissions::NONE));
    let roles = std::iter::once(everyone).chain(roles).map(|role| Write::Role(GUILD, role));
    let channels = [Channel::new(OPEN, GUILD, "general", ChannelKind::TEXT), study];
    std::iter::once(Write::Guild(Guild::new(GUILD, "big", id(0))))
        .chain(roles)
        .chain(channels.map(Write::Channel))
        .collect()
}
