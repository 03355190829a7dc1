//! The guild: single authority for its roles, channels and members, and for the order of what
//! happens.
//!
//! A command is checked against what is committed and against the actor's permissions, and refused
//! at once or handed to the store. Only when the store has committed it is the author answered and
//! the event published. Reads, and events that nothing keeps, are answered at once.
//!
//! # Algorithm
//!
//! One commit is in flight at a time. Messages and reactions that are accepted meanwhile gather in
//! a batch, which becomes the next commit; so a slow store makes commits larger instead of making a
//! queue of them. A change of structure runs alone, after everything before it, and everything
//! after it waits, so that every command is checked against the structure that it will meet. Events
//! get their numbers when their commit is handed over, which is why a commit that fails leaves no
//! gap.
//!
//! What is asked about a message is decided here, on the message as it is then, with everything
//! accepted before; see `ledger`. A command about a message that is not known is parked until the
//! store has read it. What the same actor asked for later, or somebody about the same message,
//! waits behind it; everything else goes on.
//!
//! # Invariants
//!
//! - G1: nothing is answered as done or published before the store has committed it; events of
//!   sequence 0, which nothing keeps, are the exception.
//! - G2: events are published in the order of their sequence, which has no gaps.
//! - G3: a commit that fails changes nothing, and its numbers in the sequence are used again.
//! - G4: everything about one message is decided in one order, each on what those before it left;
//!   an event tells a change that was made, once.
//! - G5: what one actor asks for takes effect in the order of asking.

mod authority;
mod channel;
mod desk;
mod dispatch;
mod form;
mod handoff;
mod import;
mod invite;
mod invites;
mod job;
mod ledger;
mod limits;
mod member;
mod mentions;
mod message;
mod need;
mod overwrite;
mod parking;
mod plan;
mod posted;
mod reaction;
mod read;
mod recent;
mod role;
mod settings;

use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::command::{Actor, Command, Outcome};
use throng_proto::event::EventKind;
use throng_proto::id::{ChannelId, MessageId, RoleId, UserId};
use throng_proto::model::{Channel, InviteCode, Member};
use throng_proto::record::{EventRecord, GuildRecord, MessageRow, RowQuery, Write};
use throng_proto::time::Timestamp;

use self::desk::Desk;
pub use self::handoff::{Arrivals, MemberChange, Rest};
use self::invites::Invites;
use self::job::Job;
use self::ledger::Ledger;
pub use self::limits::Config;
use self::posted::{NonceKey, Posted};
use self::recent::Recent;
use crate::event::Event;
use crate::outbox::Outbox;
use crate::planted::{self, Planted};
use crate::roster::{Roster, Snapshot};
use crate::shape::Shape;

/// Steps in which changes of members are folded between two inputs: 16 x about 60 us = 1 ms.
const FOLDS_MAX: usize = 16;

/// Names a command between its input and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What a guild reacts to.
#[derive(Debug)]
pub enum Input {
    /// Somebody asks for something.
    Command(Ticket, Actor, Box<Command>),
    /// An operator adds many members in one commit, and is answered with `{"imported": n}`.
    ///
    /// Those already there keep what they have, and roles that do not exist are dropped. Up to
    /// [`Config::announce_max`] new members are announced by an event each; more are not announced
    /// at all.
    Import(Ticket, Vec<Member>),
    /// These members had a role that was deleted, as [`Output::Holders`] asked. Up to
    /// [`Config::announce_max`] are announced by an event each; of more, nobody is.
    Held(Ticket, Vec<UserId>),
    /// So many members are online, for approximate counts.
    Online(usize),
    /// The store committed what the last [`Output::Commit`] asked for.
    Committed,
    /// The store refused it; the text says why.
    CommitFailed(String),
    /// The store answered an [`Output::Read`], one row for each query.
    Read(u64, Vec<Option<MessageRow>>),
    /// The store could not; the text says why.
    ReadFailed(u64, String),
}

/// What a guild wants done.
#[derive(Debug)]
pub enum Output {
    /// Commit together, and say so by [`Input::Committed`] or [`Input::CommitFailed`]. One at a
    /// time.
    Commit(Vec<Write>),
    /// Answer a command.
    Answer(Ticket, Outcome),
    /// Read these messages, and say so by [`Input::Read`] or [`Input::ReadFailed`] with the same
    /// number. The read must see every commit that [`Input::Committed`] told of.
    Read(u64, Vec<RowQuery>),
    /// Send to every relay.
    Publish(Arc<Event>),
    /// Tell the next owner, while there is one to come.
    Changed(MemberChange),
    /// Attach the sessions of a new member.
    Joined(UserId),
    /// Route channels here, or no longer.
    Channels {
        /// Made.
        added: Vec<ChannelId>,
        /// Deleted.
        removed: Vec<ChannelId>,
    },
    /// Route invites here, or no longer.
    Invites {
        /// Made.
        added: Vec<InviteCode>,
        /// Used up or deleted.
        removed: Vec<InviteCode>,
    },
    /// Find members that had a role before it was deleted, and say so by [`Input::Held`]; of more
    /// than [`Config::announce_max`] any that many and one.
    Holders {
        /// The role.
        role: RoleId,
        /// Members while they had it.
        members: Snapshot,
    },
    /// Forget the guild, which was deleted.
    Deleted,
}

/// One guild's machine. Costs O(roles + channels) per change of structure; it never walks over its
/// members.
#[derive(Debug)]
pub struct Guild {
    config: Config,
    shape: Arc<Shape>,
    roster: Roster,
    last_messages: IndexMap<ChannelId, MessageId>,
    invites: Invites,
    online: usize,
    /// Number of the last committed event.
    sequence: u64,
    desk: Desk,
    /// Messages that pending commands are about.
    ledger: Ledger,
    nonces: Recent<NonceKey, Posted>,
    /// Answers to posts with a nonce whose message was deleted since, for whoever repeats them.
    removed: Recent<MessageId, String>,
    /// Who posted where less than the channel's slow-mode interval ago.
    paced: Recent<(ChannelId, UserId), MessageId>,
    /// Changes of members are told.
    telling: bool,
    deleted: bool,
}

impl Guild {
    /// Starts from what the store has, and from its members. Costs the guild without its members.
    #[must_use]
    pub fn load(record: GuildRecord, mut roster: Roster, config: Config) -> Self {
        let last_messages: IndexMap<_, _> = record
            .channels
            .iter()
            .filter_map(|channel| Some((channel.id, channel.last_message_id?)))
            .collect();
        let ids = record.channels.iter().map(|channel| channel.id.value());
        let ids = ids.chain(record.roles.iter().map(|role| role.id.value()));
        let ids = ids.chain(last_messages.values().map(|message| message.value()));
        config.ids.raise(ids.max().unwrap_or(0));
        // A role that was deleted is not taken from its holders in the store.
        roster.retain_roles(|role| record.roles.iter().any(|known| known.id == role));
        let mut guild = Self {
            nonces: Recent::new(config.nonces_max),
            removed: Recent::new(config.removed_max),
            ledger: Ledger::default(),
            paced: Recent::new(config.paced_max),
            config,
            shape: Arc::new(Shape {
                guild: record.guild,
                roles: record.roles.into_iter().map(|role| (role.id, Arc::new(role))).collect(),
                channels: record
                    .channels
                    .into_iter()
                    .map(|channel| (channel.id, Arc::new(channel.completed())))
                    .collect(),
            }),
            roster,
            last_messages,
            invites: Invites::load(record.invites),
            online: 0,
            sequence: record.sequence,
            desk: Desk::default(),
            telling: false,
            deleted: false,
        };
        guild.recall(record.nonces);
        guild
    }

    /// Takes one input and pushes what is to be done.
    pub fn handle(&mut self, now: Timestamp, input: Input, out: &mut Outbox<Output>) {
        match input {
            Input::Command(ticket, actor, command) => {
                self.ask(now, ticket, Job::Command(actor, command), out);
            }
            Input::Import(ticket, members) => {
                self.ask(now, ticket, Job::Import(members), out);
            }
            Input::Held(ticket, holders) => self.ask(now, ticket, Job::Held(holders), out),
            Input::Online(count) => self.online = count,
            Input::Committed => self.committed(now, out),
            Input::CommitFailed(_) if planted::has(Planted::FailureIgnored) => {
                self.committed(now, out);
            }
            Input::CommitFailed(reason) => self.commit_failed(now, &reason, out),
            Input::Read(read, rows) => self.read(now, read, rows, out),
            Input::ReadFailed(read, reason) => self.read_failed(now, read, &reason, out),
        }
    }

    /// Returns settings, roles and channels. Last messages in it may be old.
    #[must_use]
    pub const fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// Decodes a member. Costs about a microsecond.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<Arc<Member>> {
        self.roster.get(user).map(Arc::new)
    }

    /// Returns members who came by some of these events and are still there: should the guild have
    /// begun anew in between, nobody may have told their sessions.
    #[must_use]
    pub fn newcomers(&self, events: &[EventRecord]) -> Vec<UserId> {
        let came = events.iter().filter(|event| event.kind == EventKind::GuildMemberAdd);
        let users = came.filter_map(|event| event.author);
        users.filter(|user| self.roster.get(*user).is_some()).collect()
    }

    /// Returns the members.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Returns how many members there are.
    #[must_use]
    pub const fn member_count(&self) -> usize {
        self.roster.len()
    }

    /// Folds some of the recent changes of members, more the more there are; for between two
    /// inputs. Costs at most about a millisecond, and mostly nothing.
    pub fn fold(&mut self) {
        let steps = self.roster.recent() / self.config.unfolded_max.max(1);
        for _ in 0..steps.min(FOLDS_MAX) {
            self.roster.fold();
        }
    }

    /// Returns how many members' change by one command is announced by an event each.
    #[must_use]
    pub const fn announce_max(&self) -> usize {
        self.config.announce_max
    }

    /// Returns the number of the last committed event.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns the newest message of every channel that ever had one.
    #[must_use]
    pub const fn last_messages(&self) -> &IndexMap<ChannelId, MessageId> {
        &self.last_messages
    }

    /// Returns how many commands are accepted or waiting, but not answered.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.desk.len()
    }

    /// Fills in a channel's last message.
    fn current(&self, channel: &Channel) -> Channel {
        Channel {
            last_message_id: self.last_messages.get(&channel.id).copied(),
            ..Channel::clone(channel)
        }
    }
}
