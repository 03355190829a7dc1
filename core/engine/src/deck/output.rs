//! What a deck wants done outside.

use throng_proto::gateway::PresenceUpdate;
use throng_proto::id::GuildId;
use throng_proto::id::UserId;

use super::{SessionId, SessionRef};
use crate::conversation::Close;
use crate::policy::SessionFacts;
use crate::relay::Interest;
use crate::roll::Wish;

/// Something to be done outside.
#[derive(Debug)]
pub enum Output<L> {
    /// A guild is to be asked. One that is not there: see [`Ask`].
    Ask(GuildId, Ask),
    /// A link is to be closed; its session does not have it any more.
    Close(Box<Closing<L>>),
    /// A session of this user has ended.
    Ended(UserId),
    /// A session has ended because nobody knows what it missed.
    Lost(SessionRef),
    /// Words of an author cost so many bytes, over all who are sent them.
    Delivered(UserId, u64),
    /// Something was refused or left out, so many times.
    Refused(Refusal, u64),
}

/// What a guild is asked.
#[derive(Debug)]
pub enum Ask {
    /// To take a session. Where there is no such guild, [`Deck::turned_away`] is to be told.
    ///
    /// [`Deck::turned_away`]: super::Deck::turned_away
    Attach(Box<Attach>),
    /// To let a session go.
    Detach {
        /// Which.
        session: SessionRef,
        /// Whose it is.
        user: UserId,
        /// What it asked for.
        interest: Interest,
    },
    /// To show a session parts of member lists.
    Watch(Watch),
    /// To take sessions back that it had before. Where there is no such guild,
    /// [`Deck::turned_away`] is to be told of all of them.
    ///
    /// [`Deck::turned_away`]: super::Deck::turned_away
    Restore {
        /// Place in its sequence up to which they were told.
        since: u64,
        /// Who.
        sessions: Vec<Attach>,
    },
    /// To note how many relays it has here.
    Relays(usize),
}

/// A session that wants to be attached to a guild.
#[derive(Clone, Debug)]
pub struct Attach {
    /// Which.
    pub session: SessionRef,
    /// What policies know of it.
    pub facts: SessionFacts,
    /// What it asked for.
    pub interest: Interest,
    /// What it shows.
    pub presence: PresenceUpdate,
    /// Part of the stream after READY, rather than a guild joined since.
    pub initial: bool,
}

/// What a session wants to see of a guild's lists.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Which session.
    pub session: SessionRef,
    /// Whose it is.
    pub user: UserId,
    /// Number of the question, which comes back with answers.
    pub stamp: u32,
    /// What it wants.
    pub wishes: Vec<Wish>,
}

/// A link that is to be closed.
#[derive(Debug)]
pub struct Closing<L> {
    /// The link.
    pub line: L,
    /// Whose session it had.
    pub user: UserId,
    /// Which.
    pub id: SessionId,
    /// Why.
    pub why: Why,
    /// What it is told.
    pub close: Close,
}

/// Why a link is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It reads too slowly.
    Slow,
    /// Its session goes on with another link.
    Superseded,
    /// Its session may not go on.
    TurnedOut,
}

/// What was refused or left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A link is over its bound.
    Lag,
    /// A token is over.
    TokenExpired,
    /// An event of a class that the node does without.
    Overload,
    /// As [`Refusal::Overload`], a presence.
    PresenceShed,
    /// A range that runs backwards.
    ListRange,
    /// Too many ranges of a channel.
    RangesPerChannel,
    /// Too many lists.
    ListChannels,
    /// What a session's intents do not entitle it to.
    Intents,
    /// A relay without room, because there are as many as may be.
    RelayCount,
}
