//! What a guild is asked, and what its owners tell each other while it changes hands.

use std::collections::VecDeque;

use serde_json::value::RawValue;
use throng_engine::attendance::{Attendance, SessionRef};
use throng_engine::chunk::Rights;
use throng_engine::deck;
use throng_engine::guild::{MemberChange, Rest};
use throng_engine::relay::Interest;
use throng_engine::roster::Snapshot;
use throng_proto::command::{Actor, Command, Outcome};
use throng_proto::gateway::{PresenceUpdate, RequestMembers};
use throng_proto::id::UserId;
use throng_proto::model::Member;
use throng_proto::wire::Wire;
use tokio::sync::{mpsc, oneshot};

use super::parcel::Parcel;
use super::worker::Room;
use crate::clock::Stopwatch;

/// What a guild is asked.
#[derive(Debug)]
pub(crate) enum GuildLetter {
    Command(Actor, Box<Command>, oneshot::Sender<Outcome>),
    Import(Vec<Member>, oneshot::Sender<Outcome>),
    /// The room is taken until the worker has the answer, when many guilds are asked.
    Attach(Box<deck::Attach>, Option<Room>),
    Detach {
        session: SessionRef,
        user: UserId,
        interest: Interest,
    },
    /// A worker has so many relays now.
    Relays {
        worker: usize,
        relays: usize,
    },
    Presence {
        session: SessionRef,
        user: UserId,
        update: PresenceUpdate,
        room: Option<Room>,
    },
    Watch(deck::Watch),
    Members {
        session: SessionRef,
        request: Box<RequestMembers>,
        rights: Rights,
        wire: Wire,
    },
    /// Who of these is online, as JSON.
    Presences(Vec<UserId>, oneshot::Sender<Box<RawValue>>),
    /// Who had a role that was deleted.
    Held(Vec<UserId>, oneshot::Sender<Outcome>),
    Snapshot(oneshot::Sender<Snapshot>),
    Restore {
        worker: usize,
        since: u64,
        sessions: Vec<deck::Attach>,
    },
    HandOff(HandOff),
}

/// What the next owner asks of the one until now.
#[derive(Debug)]
pub(crate) enum HandOff {
    /// Send pages and changes here, from now on.
    Begin(mpsc::Sender<Part>),
    /// Send the next page.
    Page { after: Option<UserId> },
    /// Give the guild away.
    Finish(oneshot::Sender<Parcel<Box<Surrender>>>),
}

/// What the next owner is sent while the guild runs on.
#[derive(Debug)]
pub(crate) enum Part {
    /// Members in the order of their ids; none when there are no more.
    Page(Vec<Member>),
    /// What changed since the pages began.
    Change(MemberChange),
}

/// What the next owner gets at the barrier.
#[derive(Debug)]
pub(crate) struct Surrender {
    pub(crate) rest: Rest,
    pub(crate) attendance: Attendance,
    pub(crate) requests: mpsc::Receiver<GuildLetter>,
    pub(crate) backlog: VecDeque<GuildLetter>,
    pub(crate) next_ticket: u64,
    pub(crate) published: u64,
    pub(crate) band: u32,
    /// When the last request was taken.
    pub(crate) paused: Stopwatch,
}
