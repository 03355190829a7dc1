//! Messages.

use serde_json::Value;
use utoipa::ToSchema;

use super::User;

/// A message.
#[derive(Debug, ToSchema)]
pub struct Message {
    /// Snowflake.
    pub id: String,
    /// Channel.
    pub channel_id: String,
    /// Who wrote it.
    pub author: User,
    /// Text.
    pub content: String,
    /// ISO 8601.
    pub timestamp: String,
    /// ISO 8601.
    pub edited_timestamp: Option<String>,
    /// Text to speech.
    pub tts: bool,
    /// An effective @everyone or @here.
    pub mention_everyone: bool,
    /// Mentioned users.
    pub mentions: Vec<User>,
    /// Ids of mentioned roles.
    pub mention_roles: Vec<String>,
    /// What is known of the files; nothing stores them.
    pub attachments: Vec<Attachment>,
    /// Embeds as posted.
    pub embeds: Vec<Value>,
    /// Pinned.
    pub pinned: bool,
    /// 0 message, 19 answer.
    #[schema(rename = "type")]
    pub kind: u8,
    /// Bit set.
    pub flags: u64,
    /// Components as posted.
    pub components: Vec<Value>,
}

/// A file that was uploaded and not kept.
#[derive(Debug, ToSchema)]
pub struct Attachment {
    /// Snowflake.
    pub id: String,
    /// Name.
    pub filename: String,
    /// Bytes.
    pub size: u64,
    /// `attachment://` and the name: it cannot be followed.
    pub url: String,
    /// As `url`.
    pub proxy_url: String,
    /// Type as uploaded.
    pub content_type: Option<String>,
    /// Words for who cannot see it.
    pub description: Option<String>,
}

/// A message to post; it needs content, embeds, components, stickers or a file.
#[derive(Debug, ToSchema)]
pub struct MessageDraft {
    /// At most 2000 characters.
    pub content: Option<String>,
    /// At most 25 characters, or an integer.
    pub nonce: Option<Value>,
    /// Answers a repeated nonce of the last minutes with the first message.
    pub enforce_nonce: Option<bool>,
    /// Text to speech.
    pub tts: Option<bool>,
    /// At most 10.
    pub embeds: Option<Vec<Value>>,
    /// Which mentions count.
    pub allowed_mentions: Option<Value>,
    /// What the message answers: `message_id`, `fail_if_not_exists`.
    pub message_reference: Option<Value>,
    /// Components.
    pub components: Option<Vec<Value>>,
    /// At most 3.
    pub sticker_ids: Option<Vec<String>>,
    /// Bit set.
    pub flags: Option<u64>,
    /// Words for files of the same body: `id`, `filename`, `description`.
    pub attachments: Option<Vec<Value>>,
}

/// A message with files.
#[derive(Debug, ToSchema)]
pub struct MessageForm {
    /// The message as JSON.
    pub payload_json: Option<String>,
    /// A file; any number up to 10, as `files[n]`.
    #[schema(rename = "files[0]", format = Binary)]
    pub file: Option<String>,
}

/// An edit; absent keys stay.
#[derive(Debug, ToSchema)]
pub struct MessageEdit {
    /// At most 2000 characters; null clears.
    pub content: Option<String>,
    /// At most 10.
    pub embeds: Option<Vec<Value>>,
    /// Bit set.
    pub flags: Option<u64>,
    /// Which mentions of the new content count.
    pub allowed_mentions: Option<Value>,
    /// Components.
    pub components: Option<Vec<Value>>,
}

/// Messages to delete together.
#[derive(Debug, ToSchema)]
pub struct BulkDelete {
    /// 2 to 100 ids.
    pub messages: Vec<String>,
}
