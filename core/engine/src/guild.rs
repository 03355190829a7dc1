//! The guild: single authority for its roles, channels and members, and for the order of what happens.
//!
//! A command is checked, given an event with a place in the sequence, and handed to the store. Only when
//! the store has committed it is the author answered and the event published. Messages overlap while they
//! wait for the store; a change of structure waits until nothing is pending, and everything waits for it.
//!
//! # Invariants
//!
//! - G1: nothing is answered or published before the store has committed it.
//! - G2: events are published in the order of their sequence, which has no gaps.
//! - G3: a commit that fails changes nothing, and its number in the sequence is used again.

use std::collections::VecDeque;
use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::command::{Actor, Command, Outcome};
use throng_proto::id::UserId;
use throng_proto::model::Member;
use throng_proto::record::Write;
use throng_proto::time::Timestamp;

use crate::event::Event;
use crate::shape::Shape;

/// Names a command between its input and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What a guild reacts to.
#[derive(Debug)]
pub enum Input {
    /// Somebody asks for something.
    Command(Ticket, Actor, Box<Command>),
    /// The store committed the oldest commit that it had not answered yet.
    Committed,
    /// The store refused the oldest commit that it had not answered yet; the text says why.
    CommitFailed(String),
}

/// What a guild wants done.
#[derive(Debug)]
pub enum Output {
    /// Commit together, and say so by [`Input::Committed`] or [`Input::CommitFailed`], in order.
    Commit(Vec<Write>),
    /// Answer a command.
    Answer(Ticket, Outcome),
    /// Send to every relay.
    Publish(Arc<Event>),
}
