//! What guilds grant sessions.

use std::sync::Arc;

use throng_proto::id::UserId;
use throng_proto::model::Member;

use super::SessionRef;
use crate::event::Event;
use crate::policy::GuildFacts;
use crate::relay::Interest;
use crate::shape::Shape;
use crate::welcome::Welcome;

/// A session's place in a guild.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Which session.
    pub session: SessionRef,
    /// Whose it is.
    pub user: UserId,
    /// What it asked for.
    pub interest: Interest,
    /// The user as a member.
    pub member: Arc<Member>,
}

/// A guild as relays see it at one place of its sequence.
#[derive(Clone, Debug)]
pub struct View {
    /// The guild without its members.
    pub shape: Arc<Shape>,
    /// What policies know of it.
    pub facts: GuildFacts,
    /// Place of the last event that was published.
    pub sequence: u64,
}

/// What a guild grants a session.
#[derive(Debug)]
pub struct Grant {
    /// The session's place.
    pub seat: Seat,
    /// The guild.
    pub view: View,
    /// GUILD_CREATE, for sessions with the GUILDS intent.
    pub welcome: Option<Welcome>,
    /// As in [`Attach`](super::Attach).
    pub initial: bool,
}

/// What a guild grants sessions that it had before.
#[derive(Debug)]
pub struct Restored {
    /// The guild.
    pub view: View,
    /// Who is attached again.
    pub seats: Vec<Seat>,
    /// Sessions whose users are no members any more.
    pub gone: Vec<SessionRef>,
    /// Those of which the guild no longer knows all that they missed.
    pub lost: Vec<SessionRef>,
    /// What happened since the sessions were last told of anything, in order.
    pub events: Vec<Arc<Event>>,
}
