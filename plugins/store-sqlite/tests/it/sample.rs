//! Stores and messages for the tests.

use std::path::Path;

use throng_plugin_store_sqlite::{Config, SqliteStore};
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Channel, ChannelKind, Guild};
use throng_proto::record::Write;
use throng_proto::time::Timestamp;

pub(crate) const CHANNEL: ChannelId = ChannelId::new(2);

pub(crate) fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, Config::default()).unwrap()
}

/// Writes that make a guild with the one channel.
pub(crate) fn founding() -> Vec<Write> {
    let guild = GuildId::new(1);
    vec![
        Write::Guild(Guild::new(guild, "Guild", UserId::new(9))),
        Write::Channel(Channel::new(CHANNEL, guild, "general", ChannelKind::TEXT)),
    ]
}

/// Adds a message of about `size` bytes to the channel.
pub(crate) fn post(id: u64, size: usize) -> Write {
    let message = serde_json::json!({
        "id": MessageId::new(id),
        "channel_id": CHANNEL,
        "author": {"id": "9", "username": "ann"},
        "content": "x".repeat(size),
        "timestamp": Timestamp::from_millis(1_700_000_000_000),
        "edited_timestamp": null,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "type": 0,
        "components": [],
    });
    Write::Message(Box::new(serde_json::from_value(message).unwrap()))
}
