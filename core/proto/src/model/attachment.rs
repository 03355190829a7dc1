//! Files of messages.

use serde::Serialize;

use crate::form::{Form, FromForm};
use crate::id::AnyId;

/// A file of a message. See [Discord Docs/Attachment Object].
///
/// Nothing stores files any more; messages of older databases have them by name.
///
/// [Discord Docs/Attachment Object]: https://discord.com/developers/docs/resources/message#attachment-object
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Snowflake.
    pub id: AnyId,
    /// Name, 1 to 1024 characters.
    pub filename: String,
    /// Title, at most 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// For those who do not see it, at most 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Where it is.
    pub url: String,
    /// Where else it is.
    pub proxy_url: String,
}

impl FromForm for Attachment {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let id = form.field("id").required().id();
        let filename = form.field("filename").required().text(1..=1024);
        let url = form.field("url").required().text(1..=2048);
        let proxy_url = form.field("proxy_url").text(1..=2048);
        Some(Self {
            title: form.field("title").words(1024),
            description: form.field("description").words(1024),
            content_type: form.field("content_type").words(255),
            size: form.field("size").number(0..=i64::MAX).unwrap_or_default(),
            proxy_url: proxy_url.or_else(|| url.clone())?,
            url: url?,
            filename: filename?,
            id: id?,
        })
    }
}
