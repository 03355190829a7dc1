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
    /// Files of messages of older builds, by their names.
    pub attachments: Vec<Attachment>,
    /// Embeds, rebuilt from what was posted, with `type` and `proxy_url`.
    pub embeds: Vec<Value>,
    /// Pinned.
    pub pinned: bool,
    /// 0 message, 19 answer.
    #[schema(rename = "type")]
    pub kind: u8,
    /// Bit set.
    pub flags: u64,
    /// Components, rebuilt from what was posted, each with its `id`.
    pub components: Vec<Value>,
}

/// A file that an older build took and did not keep.
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

/// A message to post; it needs content, embeds or components.
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
    /// At most 10, with Discord's limits; `http` and `https` addresses alone.
    pub embeds: Option<Vec<Value>>,
    /// Which mentions count.
    pub allowed_mentions: Option<Value>,
    /// What the message answers: `message_id`, `channel_id`, `fail_if_not_exists`.
    pub message_reference: Option<Value>,
    /// At most 40, those inside others among them; without the flag of components v2 rows alone.
    pub components: Option<Vec<Value>>,
    /// Bit set: 4 hides embeds, 4096 disturbs nobody, 32768 is for components v2.
    pub flags: Option<u64>,
}

/// A message as a form; files are refused.
#[derive(Debug, ToSchema)]
pub struct MessageForm {
    /// The message as JSON.
    pub payload_json: Option<String>,
    /// Its text, where the JSON has none.
    pub content: Option<String>,
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
    /// As of a message to post.
    pub components: Option<Vec<Value>>,
    /// Files that stay, by their `id`.
    pub attachments: Option<Vec<Value>>,
}

/// Messages to delete together.
#[derive(Debug, ToSchema)]
pub struct BulkDelete {
    /// 2 to 100 ids.
    pub messages: Vec<String>,
}
