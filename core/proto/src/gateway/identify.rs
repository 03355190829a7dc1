//! IDENTIFY and RESUME.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PresenceUpdate;
use super::error::DecodeError;
use super::shape::{count, is_nothing, needed, object, optional, wrong};
use crate::form::{Field, Form};

/// Opens a session. See gateway protocol, Identify.
#[derive(Clone, Debug)]
pub struct Identify {
    /// Secret, perhaps with `Bot ` in front.
    pub token: String,
    /// Intents; absent from users' own clients.
    pub intents: Option<i64>,
    /// What the client says of itself: os, browser, device, region and the like.
    pub properties: Map<String, Value>,
    /// Payload compression; only `true` counts, because libraries also send strings here.
    pub compress: bool,
    /// Members above which a guild counts as large, 25 to 250.
    pub large_threshold: Option<u64>,
    /// Shard id and count; what is no list of numbers is a list that cannot be.
    pub shard: Option<Vec<i64>>,
    /// First presence.
    pub presence: Option<PresenceUpdate>,
    /// Capability bits of users' clients.
    pub capabilities: Option<u64>,
}

impl Identify {
    pub(super) fn read(form: &Form<'_>) -> Result<Self, DecodeError> {
        let properties = form.field("properties").value().and_then(Value::as_object);
        Ok(Self {
            token: needed(form, "token", text)?,
            intents: optional(form, "intents", intents)?,
            properties: properties.cloned().unwrap_or_default(),
            compress: form.field("compress").flag() == Some(true),
            large_threshold: form.field("large_threshold").number(0..=i64::MAX),
            shard: shard(&form.field("shard")),
            presence: presence(&form.field("presence"))?,
            capabilities: form.field("capabilities").number(0..=i64::MAX),
        })
    }
}

fn text(field: &Field<'_>) -> Option<String> {
    field.str().map(str::to_owned)
}

/// Reads intents; numbers that are none of any, however large, are refused as such.
fn intents(field: &Field<'_>) -> Option<i64> {
    let other = || field.value()?.is_number().then_some(-1);
    field.number(0..=i64::MAX).or_else(other)
}

fn shard(field: &Field<'_>) -> Option<Vec<i64>> {
    field.value()?;
    let number = |item: &Field<'_>| item.number(i64::MIN..=i64::MAX);
    let shard = field.list(0..=3, |item| Some(number(item).unwrap_or(-1)));
    Some(shard.unwrap_or_default())
}

fn presence(field: &Field<'_>) -> Result<Option<PresenceUpdate>, DecodeError> {
    let Some(value) = field.value() else { return Ok(None) };
    if is_nothing(value) {
        return Ok(None);
    }
    object(value, PresenceUpdate::read).map(Some).map_err(|error| match error {
        DecodeError::Key("d") => wrong("presence"),
        other => other,
    })
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
#[derive(Clone, Debug)]
pub struct Resume {
    /// Secret, perhaps with `Bot ` in front.
    pub token: String,
    /// From READY.
    pub session_id: String,
    /// Last sequence received; a negative one, which some libraries start with, counts as none.
    pub seq: u64,
}

impl Resume {
    pub(super) fn read(form: &Form<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            token: needed(form, "token", text)?,
            session_id: needed(form, "session_id", text)?,
            seq: optional(form, "seq", count)?.unwrap_or(0),
        })
    }
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
