//! What other threads tell a worker.

use std::sync::Arc;

use throng_engine::deck::{Chunk, Grant, Restored, SessionRef};
use throng_engine::event::Event;
use throng_engine::policy::GuildFacts;
use throng_engine::roll::Output;
use throng_ports::link::Arrival;
use throng_proto::event::EventKind;
use throng_proto::id::{GuildId, UserId};
use throng_proto::wire::Body;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::inquiry::Inquiry;
use super::moving::Moving;
use crate::place::Place;

/// Room for one guild that is asked, taken until the guild has answered.
pub(crate) type Room = OwnedSemaphorePermit;

/// What other threads tell a worker.
#[derive(Debug)]
pub(crate) enum WorkerLetter {
    /// A new link.
    Arrived(Box<dyn Arrival>, Place),
    /// A link whose session is here.
    Resuming(Box<Moving>),
    /// Something happened in a guild.
    Event(Arc<Event>),
    /// A guild takes a session; the room that was taken for it is given back.
    Attached(Box<Grant>, Option<Room>),
    /// A guild does not take a session: its user is no member any more, or the guild is gone.
    TurnedAway { session: SessionRef, guild: GuildId },
    /// A guild takes sessions that survived a restart.
    Restored(Box<Restored>),
    /// For one session alone.
    Own { session: SessionRef, kind: EventKind, guild: Option<GuildId>, body: Body },
    /// Member lists of a guild changed for who watches them. Lists that the guild makes anew have
    /// a larger `epoch`.
    Lists { guild: GuildId, epoch: u64, outputs: Vec<Output<SessionRef>> },
    /// A chunk of a member list, for one session that has read the one before.
    Chunk { session: SessionRef, guild: GuildId, body: Body, answer: oneshot::Sender<Chunk> },
    /// A guild began anew, and knows none of its sessions.
    Rejoin(GuildId),
    /// A guild has another owner, which makes its member lists anew.
    Owner(GuildId),
    /// A guild's size band changed.
    Resized(GuildFacts),
    /// The policy changed: ask it about everything again.
    Review,
    /// A user has a new guild.
    Joined { user: UserId, guild: GuildId },
    /// What operators want to know or have done.
    Inquiry(Inquiry),
    /// Ask every link to go elsewhere, and answer when all have.
    Drain(mpsc::Sender<()>),
}
