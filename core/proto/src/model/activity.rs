//! What somebody is doing, as others are told of it.

mod part;

use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use serde_json::Value;

pub use self::part::{ActivityEmoji, Assets, Party, Rich, Secrets, Timestamps};
use crate::form::{self, Field, Form, FromForm, Urls};
use crate::id::AnyId;
use crate::json;
use crate::time::Timestamp;

/// Characters of a name, a detail or a state.
const TEXT_MAX: usize = 128;
/// Characters of a stream's address.
const URL_MAX: usize = 512;
/// Activities that are looked at in one payload, whatever settings allow.
const READ_MAX: usize = 100;
/// Highest kind: playing, streaming, listening, watching, custom, competing.
const KIND_MAX: i64 = 5;
const STREAMING: u8 = 1;
const CUSTOM: u8 = 4;

/// What a client says that its user is doing. See [Discord Docs/Activity Object].
///
/// [Discord Docs/Activity Object]: https://discord.com/developers/docs/events/gateway-events#activity-object
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Name, 1 to 128 characters.
    pub name: String,
    /// 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Where it is streamed; only with kind 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it began and when it will end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamps: Option<Timestamps>,
    /// Application of a game.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_id: Option<AnyId>,
    /// What exactly, 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// How far, or the text of a custom status, 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Emoji of a custom status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<ActivityEmoji>,
    /// What few activities have.
    #[serde(flatten)]
    pub rich: Option<Box<Rich>>,
}

impl FromForm for Said {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let kind = form.field("type");
        let kind = if kind.is_absent() { 0 } else { kind.number(0..=KIND_MAX)? };
        let name = form.field("name").text(1..=TEXT_MAX);
        // Clients may leave out the name of what has no other.
        let custom = || (kind == CUSTOM).then(|| "Custom Status".to_owned());
        Some(Self {
            name: name.or_else(custom)?,
            kind,
            url: (kind == STREAMING).then(|| stream(&form.field("url"))).flatten(),
            timestamps: form.field("timestamps").form(),
            application_id: form.field("application_id").id(),
            details: form.field("details").words(TEXT_MAX),
            state: form.field("state").words(TEXT_MAX),
            emoji: form.field("emoji").form(),
            rich: Rich::from_form(form).map(Box::new),
        })
    }
}

/// Reads an address that every library can parse: names of hosts in ASCII alone.
fn stream(field: &Field<'_>) -> Option<String> {
    let url = field.url(Urls::Web)?;
    let host = url.split("://").nth(1)?.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let plain = |label: &str| !label.starts_with("xn--");
    let last = host.rsplit('.').next()?;
    let named = last.starts_with(|first: char| first.is_ascii_alphabetic());
    (url.len() <= URL_MAX && url.is_ascii() && named && host.split('.').all(plain)).then_some(url)
}

/// One activity with what the server adds to it.
///
/// Two are equal that say the same, whenever they were said.
#[derive(Clone, Debug, Serialize)]
pub struct Activity {
    /// Tells it from others of the same user.
    id: String,
    /// Milliseconds since 1970 when it was first said.
    created_at: u64,
    #[serde(flatten)]
    said: Said,
}

impl Activity {
    /// Adds what the server adds.
    #[must_use]
    pub fn new(said: Said, created: Timestamp) -> Self {
        let id = match said.kind {
            CUSTOM => "custom".to_owned(),
            _ => format!("{:016x}", hash(said.kind, said.name.as_bytes())),
        };
        Self { id, created_at: created.millis(), said }
    }

    /// Returns what the client said.
    #[must_use]
    pub const fn said(&self) -> &Said {
        &self.said
    }
}

impl PartialEq for Activity {
    fn eq(&self, other: &Self) -> bool {
        self.said == other.said
    }
}

impl Eq for Activity {}

/// Hashes by FNV-1a.
fn hash(kind: u8, name: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    std::iter::once(&kind).chain(name).fold(0xcbf2_9ce4_8422_2325, step)
}

/// What somebody does all at once; most do nothing, and then this is one word. Cloning costs one
/// reference count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activities(Option<Arc<Vec<Activity>>>);

impl Activities {
    /// Wraps some.
    #[must_use]
    pub fn new(activities: Vec<Activity>) -> Self {
        Self(Some(activities).filter(|activities| !activities.is_empty()).map(Arc::new))
    }

    /// Reads what a client says, and leaves out what is no activity. Nobody is told of them before
    /// [`Activities::created`].
    #[must_use]
    pub fn read(field: &Field<'_>) -> Self {
        let said = field.list(0..=READ_MAX, |item| item.form()).unwrap_or_default();
        Self::new(said.into_iter().map(|said| Activity::new(said, Timestamp::default())).collect())
    }

    /// Reads one alone, as older libraries send it.
    #[must_use]
    pub fn one(field: &Field<'_>) -> Self {
        let said = field.form().into_iter();
        Self::new(said.map(|said| Activity::new(said, Timestamp::default())).collect())
    }

    /// Notes when they were said: those that were said `before` already stay as old as they are.
    #[must_use]
    pub fn created(self, now: Timestamp, before: &Self) -> Self {
        let made = |activity: &Activity| {
            let known = before.as_slice().iter().find(|known| *known == activity);
            let created = known.map_or(now, |known| Timestamp::from_millis(known.created_at));
            Activity::new(activity.said.clone(), created)
        };
        Self::new(self.as_slice().iter().map(made).collect())
    }

    /// Keeps the first ones: so many, and so many bytes on the wire.
    #[must_use]
    pub fn within(self, count: usize, bytes: usize) -> Self {
        let mut left = bytes;
        let fits = |activity: &&Activity| {
            let size = json::text(*activity).len();
            let fits = size <= left;
            left -= if fits { size } else { 0 };
            fits
        };
        let kept: Vec<Activity> =
            self.as_slice().iter().take(count).filter(fits).cloned().collect();
        if kept.len() == self.as_slice().len() { self } else { Self::new(kept) }
    }

    /// Returns them in the client's order.
    #[must_use]
    pub fn as_slice(&self) -> &[Activity] {
        self.0.as_ref().map_or(&[], |activities| activities.as_slice())
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for Activities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

/// Reads what a journal kept, as leniently as what a client says.
impl<'de> Deserialize<'de> for Activities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = Value::deserialize(deserializer)?;
        let activity = |form: &Form<'_>| {
            let created = form.field("created_at").number(0..=i64::MAX).unwrap_or(0);
            Some(Activity::new(Said::from_form(form)?, Timestamp::from_millis(created)))
        };
        let kept = form::salvage_with(&kept, |field| {
            field.list(0..=READ_MAX, |item| item.object(activity))
        });
        Ok(Self::new(kept.unwrap_or_default()))
    }
}
