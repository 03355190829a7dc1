//! A session's presence in one guild.

use thin_vec::ThinVec;
use throng_proto::id::UserId;
use throng_proto::intents::Intents;

use super::GroupKey;
use crate::class::ClassId;
use crate::mode::Mode;
use crate::policy::{PASSIVE_V1, PASSIVE_V2};

/// A session's presence in one guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Whose session.
    pub user: UserId,
    /// How much it receives.
    pub mode: Mode,
    /// What it asked for.
    pub interest: Interest,
    /// Which digests it takes.
    pub digest: DigestKind,
    /// Users whose presences and updates it wants, when its intents are not its own choice.
    pub watched: ThinVec<UserId>,
}

/// What a session asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interest {
    /// Intents.
    pub intents: Intents,
    /// Tells whether the client named its intents. A user's own client does not: it has them all,
    /// but gets members and presences only of users it watches.
    pub named: bool,
}

/// Which digests a session takes, by its capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestKind {
    /// PASSIVE_UPDATE_V2.
    V2,
    /// PASSIVE_UPDATE_V1.
    V1,
    /// CHANNEL_UNREAD_UPDATE.
    Unread,
}

impl DigestKind {
    /// Reads the capability bits of an IDENTIFY; bit 14 goes before bit 11.
    #[must_use]
    pub const fn from_capabilities(capabilities: u64) -> Self {
        if capabilities & PASSIVE_V2 != 0 {
            Self::V2
        } else if capabilities & PASSIVE_V1 != 0 {
            Self::V1
        } else {
            Self::Unread
        }
    }
}

impl Attachment {
    pub(super) const fn group(&self, class: ClassId) -> GroupKey {
        GroupKey { class, mode: self.mode, interest: self.interest, digest: self.digest }
    }
}
