//! What operators ask of workers about sessions.

use std::sync::Arc;

use throng_ports::registry::{GuildLoad, SessionDetail, SessionStatus, SessionsWanted};
use throng_proto::id::{GuildId, UserId};
use throng_proto::token::TokenId;
use tokio::sync::oneshot;

/// What operators want to know or have done. Whoever asked may have gone when the answer is there.
#[derive(Debug)]
pub(crate) enum Inquiry {
    /// End sessions, with this reason, and say how many.
    TurnOut(Turned, &'static str, oneshot::Sender<usize>),
    /// Tell of sessions.
    Statuses(SessionsWanted, oneshot::Sender<Vec<SessionStatus>>),
    /// Tell of the session with these first digits of its id.
    Detail(u64, oneshot::Sender<Option<SessionDetail>>),
    /// Say what guilds cost.
    Loads(Arc<[GuildId]>, oneshot::Sender<Vec<GuildLoad>>),
}

/// Whose sessions end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turned {
    /// Everything of a user.
    User(UserId),
    /// What one token of a user let in.
    Token(UserId, TokenId),
    /// The session with these first digits of its id.
    Session(u64),
}
