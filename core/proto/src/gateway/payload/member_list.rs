//! GUILD_MEMBER_LIST_UPDATE: what users' own clients show beside a channel.
//!
//! Discord does not document it. Keys and operations are as its clients read them; see
//! `core/docs/PROTOCOL.md`.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::id::{GuildId, RoleId};
use crate::model::{Member, Presence};

/// Part of a list under a heading of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupId {
    /// Who is online and has this role as the highest of those that are shown apart.
    Role(RoleId),
    /// Who else is online.
    Online,
    /// Who is not.
    Offline,
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "{role}"),
            Self::Online => f.write_str("online"),
            Self::Offline => f.write_str("offline"),
        }
    }
}

impl Serialize for GroupId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A heading, and how many members are under it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ListGroup {
    /// Which.
    pub id: GroupId,
    /// Members.
    pub count: usize,
}

/// A member with what it shows.
#[derive(Clone, Debug, Serialize)]
pub struct ListedMember<'a> {
    /// Member.
    #[serde(flatten)]
    pub member: &'a Member,
    /// What it shows.
    pub presence: Presence<'a>,
}

/// A row of a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ListRow<'a> {
    /// A heading.
    Group(ListGroup),
    /// A member under it.
    Member(ListedMember<'a>),
}

/// A change of a client's rows. Rows are counted from 0, and ranges have both ends.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "op", rename_all = "UPPERCASE")]
pub enum ListChange<'a> {
    /// Everything in a range.
    Sync {
        /// Which.
        range: [u32; 2],
        /// What is there.
        items: Vec<ListRow<'a>>,
    },
    /// A row comes in, and later ones move on.
    Insert {
        /// Where.
        index: u32,
        /// What.
        item: ListRow<'a>,
    },
    /// A row is replaced.
    Update {
        /// Where.
        index: u32,
        /// With what.
        item: ListRow<'a>,
    },
    /// A row goes, and later ones move up.
    Delete {
        /// Where.
        index: u32,
    },
    /// Rows are no longer told.
    Invalidate {
        /// Which.
        range: [u32; 2],
    },
}

/// What GUILD_MEMBER_LIST_UPDATE says of a list before its [`ListChange`]s, which are written
/// once for all sessions that get other ones of them.
#[derive(Clone, Debug, Serialize)]
pub struct MemberList<'a> {
    /// Guild.
    pub guild_id: GuildId,
    /// Name of the list, which clients compute as well.
    pub id: String,
    /// Members of the guild.
    pub member_count: usize,
    /// How many of them are online.
    pub online_count: usize,
    /// Headings in order, without empty ones.
    pub groups: &'a [ListGroup],
}

impl MemberList<'_> {
    /// Begins the data.
    #[must_use]
    pub fn open(&self) -> String {
        format!("{{{},\"ops\":[", crate::json::keys(self))
    }

    /// Ends data that was begun, with changes as text and commas between them.
    #[must_use]
    pub fn close(open: &str, changes: &str) -> String {
        format!("{open}{changes}]}}")
    }
}
