//! Embeds: cards under the text of a message.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::form::{Field, Form, FromForm, Urls};
use crate::time::Moment;

/// Characters of all embeds of a message together.
const CHARS_MAX: usize = 6000;
/// Fields of an embed.
const FIELDS_MAX: usize = 25;

/// An embed as people make them; only what Discord keeps of one is read, the rest is dropped.
///
/// See [Discord Docs/Embed Object](https://discord.com/developers/docs/resources/message#embed-object).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Embed {
    /// Always `rich`.
    #[serde(rename = "type")]
    pub kind: Rich,
    /// At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At most 4096 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the title leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Shown in the footer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Moment>,
    /// RGB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<u32>,
    /// Last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<Footer>,
    /// Large picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Picture>,
    /// Small picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<Picture>,
    /// First line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// At most 25.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<EmbedField>,
}

/// Kind of an embed that somebody posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rich;

impl Serialize for Rich {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("rich")
    }
}

/// Last line of an embed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Footer {
    /// 1 to 2048 characters.
    pub text: String,
    /// Icon before it.
    #[serde(flatten)]
    pub icon: Icon,
}

/// First line of an embed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Author {
    /// 1 to 256 characters.
    pub name: String,
    /// Where it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Icon before it.
    #[serde(flatten)]
    pub icon: Icon,
}

/// A line with a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmbedField {
    /// 1 to 256 characters.
    pub name: String,
    /// 1 to 1024 characters.
    pub value: String,
    /// Beside others.
    pub inline: bool,
}

/// A picture by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `http` or `https`.
    pub url: String,
}

/// An icon by its address, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Icon(pub Option<String>);

// Nothing here fetches pictures for others, so their own address is where they are shown from.
impl Serialize for Picture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut picture = serializer.serialize_struct("Picture", 2)?;
        picture.serialize_field("url", &self.url)?;
        picture.serialize_field("proxy_url", &self.url)?;
        picture.end()
    }
}

impl Serialize for Icon {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = ["icon_url", "proxy_icon_url"];
        serializer.collect_map(self.0.iter().flat_map(|url| keys.map(|key| (key, url))))
    }
}

impl Embed {
    /// Reads the embeds of a message, at most `max`, and the sum of their characters.
    pub fn list(field: &Field<'_>, max: usize) -> Option<Vec<Self>> {
        let embeds: Vec<Self> = field.forms(0..=max)?;
        let chars: usize = embeds.iter().map(Self::chars).sum();
        if chars > CHARS_MAX {
            let message = format!("Embed size exceeds maximum size of {CHARS_MAX}");
            field.wrong("MAX_EMBED_SIZE_EXCEEDED", message);
        }
        Some(embeds)
    }

    /// Counts the characters that count towards the sum.
    fn chars(&self) -> usize {
        let fields = self.fields.iter().flat_map(|field| [&field.name, &field.value]);
        let lines = [self.title.as_ref(), self.description.as_ref()];
        let ends = [self.footer.as_ref().map(|f| &f.text), self.author.as_ref().map(|a| &a.name)];
        let texts = lines.into_iter().chain(ends).flatten().chain(fields);
        texts.map(|text| text.chars().count()).sum()
    }

    const fn is_empty(&self) -> bool {
        self.title.is_none()
            && self.description.is_none()
            && self.footer.is_none()
            && self.author.is_none()
            && self.image.is_none()
            && self.thumbnail.is_none()
            && self.fields.is_empty()
    }
}

impl FromForm for Embed {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let wrongs = form.wrongs();
        let embed = Self {
            kind: Rich,
            title: form.field("title").words(256),
            description: form.field("description").words(4096),
            url: form.field("url").url(Urls::Web),
            timestamp: form.field("timestamp").moment(),
            color: form.field("color").color(),
            footer: part(&form.field("footer"), "text"),
            image: part(&form.field("image"), "url"),
            thumbnail: part(&form.field("thumbnail"), "url"),
            author: part(&form.field("author"), "name"),
            fields: form.field("fields").forms(0..=FIELDS_MAX).unwrap_or_default(),
        };
        if embed.is_empty() {
            // Who sent something that is wrong is told that, and not that something is missing.
            if form.wrongs() == wrongs {
                let code = "BASE_TYPE_REQUIRED";
                form.field("description").wrong(code, "This field is required");
            }
            return None;
        }
        Some(embed)
    }
}

/// Reads a part of an embed. One whose keys are all null counts as absent: libraries send those.
fn part<T: FromForm>(field: &Field<'_>, key: &str) -> Option<T> {
    let is_void = |keys: &Map<String, Value>| {
        let void = |value: &Value| value.is_null() || value.as_str() == Some("");
        keys.get(key).is_none_or(void) && keys.values().all(void)
    };
    if field.value().and_then(Value::as_object).is_some_and(is_void) {
        return None;
    }
    field.form()
}

impl FromForm for Footer {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let text = form.field("text").required().text(1..=2048);
        let icon = Icon(form.field("icon_url").url(Urls::Web));
        Some(Self { text: text?, icon })
    }
}

impl FromForm for Author {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let name = form.field("name").required().text(1..=256);
        let icon = Icon(form.field("icon_url").url(Urls::Web));
        Some(Self { url: form.field("url").url(Urls::Web), icon, name: name? })
    }
}

impl FromForm for EmbedField {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let name = form.field("name").required().text(1..=256);
        let value = form.field("value").required().text(1..=1024);
        let inline = form.field("inline").flag().unwrap_or_default();
        Some(Self { name: name?, value: value?, inline })
    }
}

impl FromForm for Picture {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        Some(Self { url: form.field("url").required().url(Urls::Web)? })
    }
}
