//! The message that another one answers.

use serde::{Deserialize, Serialize, Serializer};

use super::Message;
use crate::id::{ChannelId, MessageId};

/// The answered message inside an answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "Option<Box<Message>>")]
pub enum Referenced {
    /// Not told: the message answers nothing, or nobody looked.
    #[default]
    Absent,
    /// The answered message was deleted: `null` on the wire.
    Deleted,
    /// The answered message as it is, without what it answers itself.
    Known(Box<Message>),
}

impl Referenced {
    /// Puts a message into an answer to it: without its reactions, its nonce and what it answers.
    #[must_use]
    pub fn to(message: &Message) -> Self {
        Self::Known(Box::new(Message {
            reactions: Vec::new(),
            nonce: None,
            referenced_message: Self::Absent,
            ..message.clone()
        }))
    }

    /// Tells whether the key is left out.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Returns the answered message, if it is there.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Known(message) => Some(message),
            Self::Absent | Self::Deleted => None,
        }
    }
}

impl From<Option<Box<Message>>> for Referenced {
    fn from(message: Option<Box<Message>>) -> Self {
        message.map_or(Self::Deleted, Self::Known)
    }
}

impl Serialize for Referenced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.message().serialize(serializer)
    }
}

impl Message {
    /// Returns where the message is that this one answers.
    #[must_use]
    pub fn answers(&self) -> Option<(ChannelId, MessageId)> {
        let reference = self.message_reference.as_ref().filter(|reference| reference.kind == 0)?;
        Some((reference.channel_id.unwrap_or(self.channel_id), reference.message_id))
    }
}
