//! What policies know: small values, all read-only.

use std::sync::Arc;

use throng_proto::gateway::Connection;
use throng_proto::id::{ChannelId, GuildId, RoleId, UserId};
use throng_proto::intents::Intents;
use throng_proto::model::Status;
use throng_proto::permissions::Permissions;

use crate::mode::Mode;
use crate::pressure::{Band, Thresholds};

/// What a policy knows of a session. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// Whose it is.
    pub user: UserId,
    /// Tells whether a program uses the account.
    pub bot: bool,
    /// Capability bits of IDENTIFY.
    pub capabilities: u64,
    /// Intents; all of them for a user's own client that names none.
    pub intents: Intents,
    /// Away from keyboard, as the client says.
    pub afk: bool,
    /// Status that the client shows.
    pub status: Status,
    /// What the client said of itself.
    pub connection: Arc<Connection>,
}

/// What a policy knows of a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuildFacts {
    /// Which.
    pub guild: GuildId,
    /// Members.
    pub members: usize,
    /// Attachments.
    pub attachments: usize,
    /// Relays.
    pub relays: usize,
}

impl GuildFacts {
    /// Returns the size band: the digits of the number of attachments. Policies are asked again
    /// when it changes.
    #[must_use]
    pub const fn band(&self) -> u32 {
        match self.attachments {
            0 => 1,
            count => count.ilog10() + 1,
        }
    }
}

/// What a policy knows of a session's presence in one guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttachmentFacts<'a> {
    /// Sorted roles of the member, without @everyone.
    pub roles: &'a [RoleId],
    /// What the member may do in the guild, before overwrites of channels.
    pub permissions: Permissions,
    /// Tells whether the client looks at the guild: it asked for typing by op 14 or 37.
    pub subscribed: bool,
    /// Mode until now; `None` while the session attaches.
    pub mode: Option<Mode>,
}

/// A relay that could take an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayFacts {
    /// Number of the relay in its guild.
    pub relay: u32,
    /// Attachments it has.
    pub load: usize,
}

/// What an author wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Post a message.
    Message,
    /// Edit a message.
    Edit,
    /// React to a message.
    Reaction,
    /// Show that it is typing.
    Typing,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 4] = [Self::Message, Self::Edit, Self::Reaction, Self::Typing];

    /// Returns the word in scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Edit => "edit",
            Self::Reaction => "reaction",
            Self::Typing => "typing",
        }
    }
}

/// What a policy knows of something that is to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishFacts {
    /// What it is.
    pub act: Act,
    /// Author.
    pub author: UserId,
    /// Tells whether a program uses the author's account.
    pub bot: bool,
    /// Guild.
    pub guild: GuildId,
    /// Channel.
    pub channel: ChannelId,
    /// Characters of the content; 0 where there is none.
    pub length: usize,
    /// Tells whether the content asks for @everyone or @here, allowed or not.
    pub everyone: bool,
}

/// How far a link is behind its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagFacts {
    /// Dispatches.
    pub events: u32,
    /// Bytes of those dispatches.
    pub bytes: usize,
}

/// How a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// How near it is to what it can do, 0 to 100: how full its fullest queue is, or how late its
    /// loops are. At least where its band of pressure begins.
    pub pressure: u8,
    /// Its band of pressure, as settings divide it.
    pub band: Band,
}

impl NodeFacts {
    /// Returns what is known of a node under some pressure whose settings say nothing of bands.
    #[must_use]
    pub fn usual(pressure: u8) -> Self {
        Self { pressure, band: Thresholds::default().band(pressure) }
    }
}
