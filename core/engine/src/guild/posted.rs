//! What is known of messages by what their authors sent to recognise them.

use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::model::Nonce;

/// Author and nonce of a message.
pub(super) type NonceKey = (UserId, Nonce);

/// What a nonce was used for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Posted {
    pub(super) channel: ChannelId,
    pub(super) message: MessageId,
    pub(super) committed: bool,
}
