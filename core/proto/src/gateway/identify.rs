//! IDENTIFY, RESUME and presence updates.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::model::Status;

/// Opens a session. See gateway protocol, Identify.
#[derive(Clone, Debug, Deserialize)]
pub struct Identify {
    /// Secret, perhaps with `Bot ` in front.
    pub token: String,
    /// Intents; absent from users' own clients.
    #[serde(default)]
    pub intents: Option<i64>,
    /// What the client says of itself: os, browser, device, region and the like.
    #[serde(default, deserialize_with = "object_or_nothing")]
    pub properties: Map<String, Value>,
    /// Payload compression; only `true` counts, because libraries also send strings here.
    #[serde(default, deserialize_with = "only_true")]
    pub compress: bool,
    /// Members above which a guild counts as large, 25 to 250.
    #[serde(default)]
    pub large_threshold: Option<u64>,
    /// Shard id and count.
    #[serde(default)]
    pub shard: Option<Vec<i64>>,
    /// First presence.
    #[serde(default)]
    pub presence: Option<PresenceUpdate>,
    /// Capability bits of users' clients.
    #[serde(default)]
    pub capabilities: Option<u64>,
}

/// A valid shard of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Below `count`.
    pub id: u32,
    /// At least 1.
    pub count: u32,
}

impl Shard {
    /// Reads `[id, count]`; `None` unless `0 <= id < count`.
    #[must_use]
    pub fn parse(shard: &[i64]) -> Option<Self> {
        let &[id, count] = shard else { return None };
        let shard = Self { id: u32::try_from(id).ok()?, count: u32::try_from(count).ok()? };
        (shard.id < shard.count).then_some(shard)
    }

    /// Tells whether the shard has the guild: `(guild >> 22) % count == id`.
    #[must_use]
    pub const fn has(self, guild: crate::id::GuildId) -> bool {
        (guild.value() >> 22) % self.count as u64 == self.id as u64
    }
}

/// Goes on with a session on a new link.
#[derive(Clone, Debug, Deserialize)]
pub struct Resume {
    /// Secret, perhaps with `Bot ` in front.
    pub token: String,
    /// From READY.
    pub session_id: String,
    /// Last sequence received.
    #[serde(default, deserialize_with = "null_is_zero")]
    pub seq: u64,
}

/// A client's presence.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PresenceUpdate {
    /// Since when idle, in milliseconds since 1970; anything but a whole number counts as none.
    #[serde(default, deserialize_with = "number_or_nothing")]
    pub since: Option<u64>,
    /// Activities, passed on as they are.
    #[serde(default)]
    pub activities: Option<Vec<Box<RawValue>>>,
    /// Status; unknown words count as online.
    #[serde(default, deserialize_with = "status_or_online")]
    pub status: Status,
    /// Away from keyboard: the session is passive where it is not subscribed.
    #[serde(default, deserialize_with = "only_true")]
    pub afk: bool,
}

/// What a session said of itself, for policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Connection {
    /// Operating system.
    pub os: String,
    /// Library or browser.
    pub browser: String,
    /// Device.
    pub device: String,
    /// Region, as Throng's own clients name it; empty in others.
    #[serde(default)]
    pub region: String,
}

impl Connection {
    /// Reads the properties of an IDENTIFY, with or without `$` in front of the keys.
    #[must_use]
    pub fn parse(properties: &Map<String, Value>) -> Self {
        let text = |key: &str| {
            let legacy = format!("${key}");
            let value = properties.get(key).or_else(|| properties.get(&legacy));
            value.and_then(Value::as_str).unwrap_or_default().chars().take(64).collect()
        };
        Self {
            os: text("os"),
            browser: text("browser"),
            device: text("device"),
            region: text("region"),
        }
    }
}

fn number_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_u64())
}

fn only_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(deserializer)? == Value::Bool(true))
}

fn null_is_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.unwrap_or(0))
}

fn object_or_nothing<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Object(map) => map,
        _ => Map::new(),
    })
}

fn status_or_online<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Status, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}
