//! Requests for members, and subscriptions to guilds.

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::DecodeError;
use super::shape::{count, entries, is_nothing, needed, object, optional};
use crate::form::{self, Field, Form};
use crate::id::{ChannelId, GuildId, Id, UserId};

/// Ids, ranges or keys that are looked at in one list, far more than limits allow.
const LIST_MAX: usize = 10_000;

/// Asks for members of a guild; GUILD_MEMBERS_CHUNK answers.
#[derive(Clone, Debug)]
pub struct RequestMembers {
    /// Guild; some libraries send an array of one.
    pub guild_id: GuildId,
    /// Prefix of names; empty for everybody.
    pub query: Option<String>,
    /// Members wanted; 0 with an empty query for all.
    pub limit: Option<u64>,
    /// Presences too.
    pub presences: Option<bool>,
    /// Named members; libraries send an id or an array.
    pub user_ids: Option<Vec<UserId>>,
    /// Comes back in every chunk when it has at most 32 bytes.
    pub nonce: Option<String>,
}

impl RequestMembers {
    pub(super) fn read(form: &Form<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            guild_id: needed(form, "guild_id", one_or_first)?,
            query: optional(form, "query", |query| query.str().map(str::to_owned))?,
            limit: optional(form, "limit", count)?,
            presences: presences(&form.field("presences")),
            user_ids: user_ids(&form.field("user_ids")),
            nonce: form.field("nonce").str().map(str::to_owned),
        })
    }
}

fn one_or_first(field: &Field<'_>) -> Option<GuildId> {
    if !field.value()?.is_array() {
        return field.id();
    }
    match field.list(1..=2, |item| Some(item.id()))?.as_slice() {
        [id] => *id,
        _ => None,
    }
}

/// Reads a switch, which some languages write as 0 or 1.
fn presences(field: &Field<'_>) -> Option<bool> {
    field.flag().or_else(|| field.number::<u8>(0..=1).map(|number| number == 1))
}

/// Reads ids. What is none finds nobody, so that a request never becomes one for everybody by a
/// mistake; an empty text is no list at all.
fn user_ids(field: &Field<'_>) -> Option<Vec<UserId>> {
    match field.value()? {
        Value::String(text) if text.is_empty() => None,
        Value::Array(_) => ids(field),
        _ => Some(field.id().into_iter().collect()),
    }
}

/// Reads a list of ids, and leaves out what is none.
fn ids<M>(field: &Field<'_>) -> Option<Vec<Id<M>>> {
    field.list(0..=LIST_MAX, |item| item.id())
}

/// What a client wants of guilds that it would else be passive in.
#[derive(Clone, Debug, Default)]
pub struct Subscriptions {
    /// By guild, in the client's order.
    pub guilds: IndexMap<GuildId, Subscription>,
}

/// What a client wants of one guild; absent keys change nothing.
#[derive(Clone, Debug, Default)]
pub struct Subscription {
    /// The switch: `true` subscribes, `false` unsubscribes.
    pub typing: Option<bool>,
    /// Threads.
    pub threads: Option<bool>,
    /// Activities.
    pub activities: Option<bool>,
    /// Updates of members.
    pub member_updates: Option<bool>,
    /// Members whose presence is wanted; replaces the former list.
    pub members: Option<Vec<UserId>>,
    /// Ranges of the member list by channel.
    pub channels: Option<IndexMap<ChannelId, Vec<[u32; 2]>>>,
}

impl Subscriptions {
    /// Reads op 14.
    pub(super) fn one(data: &str) -> Result<Self, DecodeError> {
        let value = serde_json::from_str(data)?;
        let guild = object(&value, |form| needed(form, "guild_id", |guild| guild.id()))?;
        Ok(Self { guilds: IndexMap::from([(guild, Subscription::read(data)?)]) })
    }

    /// Reads op 37.
    pub(super) fn bulk(data: &str) -> Result<Self, DecodeError> {
        let mut guilds = IndexMap::new();
        let wishes = entries(data, "d")?.swap_remove("subscriptions");
        for (guild, wish) in entries(wishes.map_or("null", RawValue::get), "subscriptions")? {
            let Ok(guild) = guild.parse() else { continue };
            let nothing = is_nothing(&serde_json::from_str(wish.get())?);
            let wish =
                if nothing { Subscription::default() } else { Subscription::read(wish.get())? };
            guilds.insert(guild, wish);
        }
        Ok(Self { guilds })
    }
}

impl Subscription {
    fn read(data: &str) -> Result<Self, DecodeError> {
        let value = serde_json::from_str(data)?;
        let wish = object(&value, |form| {
            Ok(Self {
                typing: form.field("typing").flag(),
                threads: form.field("threads").flag(),
                activities: form.field("activities").flag(),
                member_updates: form.field("member_updates").flag(),
                members: ids(&form.field("members")),
                channels: None,
            })
        })?;
        let named = value["channels"].is_object() || !is_nothing(&value["channels"]);
        let channels = entries(data, "d")?.swap_remove("channels").filter(|_| named);
        let channels = channels.map(|channels| ranges(channels.get())).transpose()?;
        Ok(Self { channels, ..wish })
    }
}

/// Reads ranges by channel. A channel of which nothing is said is not named; ranges that cannot be
/// read are left out.
fn ranges(data: &str) -> Result<IndexMap<ChannelId, Vec<[u32; 2]>>, DecodeError> {
    let mut channels = IndexMap::new();
    for (channel, rows) in entries(data, "channels")? {
        let rows: Value = serde_json::from_str(rows.get())?;
        let Some(channel) = channel.parse().ok().filter(|_| !rows.is_null()) else { continue };
        let rows = form::salvage_with(&rows, |field| field.list(0..=LIST_MAX, range));
        channels.insert(channel, rows.unwrap_or_default());
    }
    Ok(channels)
}

fn range(field: &Field<'_>) -> Option<[u32; 2]> {
    let row = |item: &Field<'_>| Some(item.number(0..=u32::MAX.into()));
    match field.list(2..=3, row)?.as_slice() {
        [Some(first), Some(last)] => Some([*first, *last]),
        _ => None,
    }
}
