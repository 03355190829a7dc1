//! What a guild is asked to do, and how that goes together with the rest.

use throng_proto::command::{Actor, Command};
use throng_proto::id::UserId;
use throng_proto::model::Member;

/// What somebody asked for.
#[derive(Debug)]
pub(super) enum Job {
    Command(Actor, Box<Command>),
    Import(Vec<Member>),
    Held(Vec<UserId>),
}

/// How a job goes together with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Changes nothing that is kept; never waits.
    Free,
    /// Shares a commit with others of its kind.
    Shared,
    /// Changes what others are checked against; runs alone.
    Alone,
}

impl Job {
    pub(super) fn order(&self) -> Order {
        let Self::Command(_, command) = self else { return Order::Alone };
        match &**command {
            command if command.reads() => Order::Free,
            Command::Typing(_) => Order::Free,
            Command::MessageCreate(..)
            | Command::MessageEdit(..)
            | Command::MessageDelete(..)
            | Command::MessageBulkDelete(..)
            | Command::ReactionAdd(..)
            | Command::ReactionRemove(..)
            | Command::ReactionClear(..) => Order::Shared,
            _ => Order::Alone,
        }
    }
}
