//! Requests for members, and subscriptions to guilds.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::id::{ChannelId, GuildId, UserId};

/// Asks for members of a guild; GUILD_MEMBERS_CHUNK answers.
#[derive(Clone, Debug, Deserialize)]
pub struct RequestMembers {
    /// Guild; some libraries send an array of one.
    #[serde(deserialize_with = "one_or_first")]
    pub guild_id: GuildId,
    /// Prefix of names; empty for everybody.
    #[serde(default)]
    pub query: Option<String>,
    /// Members wanted; 0 with an empty query for all.
    #[serde(default)]
    pub limit: Option<u64>,
    /// Presences too.
    #[serde(default)]
    pub presences: Option<bool>,
    /// Named members; libraries send an id or an array.
    #[serde(default, deserialize_with = "one_or_many")]
    pub user_ids: Option<Vec<UserId>>,
    /// Comes back in every chunk when it has at most 32 bytes.
    #[serde(default)]
    pub nonce: Option<String>,
}

/// What a client wants of guilds that it would else be passive in.
#[derive(Clone, Debug, Default)]
pub struct Subscriptions {
    /// By guild, in the client's order.
    pub guilds: IndexMap<GuildId, Subscription>,
}

/// What a client wants of one guild; absent keys change nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Subscription {
    /// The switch: `true` subscribes, `false` unsubscribes.
    #[serde(default)]
    pub typing: Option<bool>,
    /// Threads.
    #[serde(default)]
    pub threads: Option<bool>,
    /// Activities.
    #[serde(default)]
    pub activities: Option<bool>,
    /// Updates of members.
    #[serde(default)]
    pub member_updates: Option<bool>,
    /// Members whose presence is wanted; replaces the former list.
    #[serde(default)]
    pub members: Option<Vec<UserId>>,
    /// Ranges of the member list by channel.
    #[serde(default)]
    pub channels: Option<IndexMap<ChannelId, Vec<[u32; 2]>>>,
}

#[derive(Deserialize)]
struct One {
    guild_id: GuildId,
    #[serde(flatten)]
    subscription: Value,
}

#[derive(Deserialize)]
struct Bulk {
    #[serde(default)]
    subscriptions: IndexMap<GuildId, Subscription>,
}

impl Subscriptions {
    /// Reads op 14.
    pub(super) fn one(data: &str) -> Result<Self, serde_json::Error> {
        let One { guild_id, subscription } = serde_json::from_str(data)?;
        let subscription = serde_json::from_value(subscription)?;
        Ok(Self { guilds: IndexMap::from([(guild_id, subscription)]) })
    }

    /// Reads op 37.
    pub(super) fn bulk(data: &str) -> Result<Self, serde_json::Error> {
        let Bulk { subscriptions } = serde_json::from_str(data)?;
        Ok(Self { guilds: subscriptions })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

fn one_or_first<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GuildId, D::Error> {
    match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(id) => Ok(id),
        OneOrMany::Many(ids) => match ids.as_slice() {
            [id] => Ok(*id),
            _ => Err(serde::de::Error::custom("guild_id is one guild")),
        },
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<UserId>>, D::Error> {
    Ok(Option::<OneOrMany<UserId>>::deserialize(deserializer)?.map(|ids| match ids {
        OneOrMany::One(id) => vec![id],
        OneOrMany::Many(ids) => ids,
    }))
}
