//! A link on its way from one worker to another.

use throng_engine::conversation::Conversation;
use throng_engine::deck::{Admission, SessionId};
use throng_ports::link::Arrival;
use throng_proto::gateway::Terms;
use throng_proto::id::UserId;

use crate::place::Place;

/// A link on its way to the worker that has its session.
#[derive(Debug)]
pub(crate) struct Moving {
    pub(crate) arrival: Box<dyn Arrival>,
    pub(crate) conversation: Conversation,
    pub(crate) terms: Terms,
    pub(crate) place: Place,
    pub(crate) claim: Claim,
}

/// What a client says to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) sequence: u64,
    pub(crate) admission: Admission,
    /// When its token was looked at: tells whether tokens were taken away since.
    pub(crate) era: u64,
}
