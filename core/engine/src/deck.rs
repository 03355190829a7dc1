//! The deck: everything that one worker knows of its sessions and sends them.
//!
//! Guilds decide what happens; a deck decides who of its sessions is told, in which order, and how
//! each goes on after it lost its link, fell behind, or outlived the process. It is one machine:
//! what comes in is applied at once, with the time that [`Deck::at`] was told last; what is to be
//! done outside comes out as data ([`Deck::next_output`], [`Deck::take_records`]). Only the
//! hot path has no data in between: a pass hands frames straight to the [`Line`] of a session.
//!
//! # Where to look
//!
//! | what | where |
//! |---|---|
//! | sessions, and how they begin, lose their link and end | `session`, `sessions`, `ending` |
//! | the log, and passes over sessions | `pass` |
//! | links that are behind | `lag`, `behind` |
//! | sessions that go on with another link | `resume` |
//! | sessions in guilds, and events on their way to recipients | `membership`, `events` |
//! | relays: joining, leaving, moving | `relays`, `moves` |
//! | how much attachments receive | `passivity`, `review`, `relief` |
//! | member lists, and chunks of them | `lists`, `chunks` |
//! | what survives the process | `record`, `story`, `revive`, `rejoin` |
//!
//! # What its driver owes it
//!
//! - Records are written to the journal before the next pass begins (F2), and before a link is
//!   offered anything of a session that came back after a restart.
//! - Outputs are carried out in order, before anything else is told to the deck.
//! - [`Deck::tick`] is called at every [`TICK`].
//!
//! # Invariants
//!
//! - F1: a session gets its dispatches in the order of the log, each once.
//! - F2: nothing is written to a link before the journal has it.

mod behind;
mod chunks;
mod config;
mod counts;
mod ending;
mod events;
mod frames;
mod grant;
mod lag;
mod lists;
mod membership;
mod moves;
mod output;
mod pass;
mod passivity;
mod record;
mod rejoin;
mod relays;
mod relief;
mod resume;
mod review;
mod revive;
mod session;
mod sessions;
mod story;
mod timer;
mod wishes;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;
use roaring::RoaringBitmap;
use throng_proto::id::{GuildId, UserId};
use throng_proto::time::Timestamp;
use throng_proto::wire::Dispatch;

pub use crate::attendance::SessionRef;
pub use chunks::Chunk;
pub use config::Config;
pub use counts::{Counts, Gauges};
pub use ending::Newcomer;
pub use events::Outgoing;
pub use grant::{Grant, Restored, Seat, View};
pub use lag::CaughtUp;
pub use output::{Ask, Attach, Closing, Output, Refusal, Watch, Why};
pub use pass::{AHEAD_MAX, Passed, STRIDE_MAX};
pub use relays::GuildRelays;
pub use resume::{Beyond, Returned};
pub use review::Reviewed;
pub use revive::Survivors;
pub use session::{Admission, Identity, Membership, Past, Session, SessionId};
pub use sessions::Sessions;
pub use story::Story;
pub use timer::TICK;
pub use wishes::Wishes;

use crate::policy::{Policy, Shed};
use crate::replay::{Position, Replay, Slot};
use crate::time::Instant;
use crate::wheel::Wheel;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// On the monotonic clock, which says how long ago something was.
    pub at: Instant,
    /// On the wall clock, which says when tokens end, and what policies are told.
    pub wall: Timestamp,
}

/// Where a session's frames go: the link that it has now. Cheap to clone.
pub trait Line: Clone {
    /// Takes as many dispatches as it has room for, in order, and returns how many; `None` when the
    /// link is gone, which its reader notices as well.
    ///
    /// One that takes fewer takes nothing more until [`Deck::catch_up`] is called for its session.
    fn offer(&self, dispatches: &[Dispatch<'_>]) -> Option<usize>;

    /// Tells whether it has taken something that has not left yet.
    fn is_blocked(&self) -> bool;
}

/// All that one worker knows of its sessions.
#[derive(Debug)]
pub struct Deck<L> {
    config: Config,
    policy: Arc<dyn Policy>,
    now: Moment,
    /// What the node does without now.
    shed: Shed,
    sessions: Sessions<L>,
    /// Sessions that have a link.
    linked: u64,
    guilds: BTreeMap<GuildId, GuildRelays>,
    /// Who watches which part of which member list.
    lists: BTreeMap<GuildId, lists::Watchers>,
    log: Replay,
    records: record::Records,
    /// Everything before this place was passed to its recipients.
    sent: Position,
    pass: Option<pass::Pass>,
    wheel: Wheel<timer::Key>,
    review: review::Review,
    /// Sessions whose guild has to take them back.
    absent: BTreeMap<GuildId, Vec<rejoin::Absence>>,
    /// Those that wait until nobody is absent.
    waiting: BTreeMap<GuildId, RoaringBitmap>,
    /// Guilds whose relays are not as planned.
    moves: BTreeSet<GuildId>,
    generations: u32,
    /// Number of the last question to member lists.
    stamps: u32,
    counts: Counts,
    /// Deliveries by guild since they were taken last.
    heard: IndexMap<GuildId, u64>,
    out: VecDeque<Output<L>>,
}

impl<L: Line> Deck<L> {
    /// Makes a deck without sessions.
    #[must_use]
    pub fn new(config: Config, policy: Arc<dyn Policy>, now: Moment) -> Self {
        Self {
            now,
            shed: Shed::default(),
            sessions: Sessions::default(),
            linked: 0,
            guilds: BTreeMap::new(),
            lists: BTreeMap::new(),
            log: Replay::new(config.log),
            records: record::Records::default(),
            sent: Position::START,
            pass: None,
            wheel: Wheel::new(now.at, TICK),
            review: review::Review::default(),
            absent: BTreeMap::new(),
            waiting: BTreeMap::new(),
            moves: BTreeSet::new(),
            generations: 0,
            stamps: 0,
            counts: Counts::default(),
            heard: IndexMap::new(),
            out: VecDeque::new(),
            config,
            policy,
        }
    }

    /// Says what time it is; it stays so until the next call.
    pub const fn at(&mut self, now: Moment) -> &mut Self {
        self.now = now;
        self
    }

    /// Returns all sessions.
    #[must_use]
    pub const fn sessions(&self) -> &Sessions<L> {
        &self.sessions
    }

    /// Returns a session by its slot.
    #[must_use]
    pub fn session(&self, slot: Slot) -> Option<&Session<L>> {
        self.sessions.get(slot)
    }

    /// Returns a session by its name among threads; `None` when it has ended.
    #[must_use]
    pub fn find(&self, session: SessionRef) -> Option<&Session<L>> {
        self.sessions.get(session.slot).filter(|found| found.generation == session.generation)
    }

    fn find_mut(&mut self, session: SessionRef) -> Option<&mut Session<L>> {
        let found = self.sessions.get_mut(session.slot)?;
        (found.generation == session.generation).then_some(found)
    }

    /// Names a session among threads.
    #[must_use]
    pub fn reference(&self, slot: Slot) -> Option<SessionRef> {
        let session = self.sessions.get(slot)?;
        Some(SessionRef { worker: self.config.worker, slot, generation: session.generation })
    }

    /// Returns the relays of a guild, if it has any here.
    #[must_use]
    pub fn relays(&self, guild: GuildId) -> Option<&GuildRelays> {
        self.guilds.get(&guild)
    }

    /// Returns the log.
    #[must_use]
    pub const fn log(&self) -> &Replay {
        &self.log
    }

    /// Takes the next thing that is to be done outside, in order.
    pub fn next_output(&mut self) -> Option<Output<L>> {
        self.out.pop_front()
    }

    /// Hands over the records that came up since the last call, in order.
    pub fn take_records(&mut self, write: impl FnMut(&[u8])) {
        self.records.take(write);
    }

    /// Returns how many deliveries each guild made since the last call.
    pub fn take_heard(&mut self) -> impl Iterator<Item = (GuildId, u64)> + '_ {
        self.heard.drain(..)
    }

    fn ask(&mut self, guild: GuildId, ask: Ask) {
        self.out.push_back(Output::Ask(guild, ask));
    }

    fn refuse(&mut self, why: Refusal, count: u64) {
        if count > 0 {
            self.out.push_back(Output::Refused(why, count));
        }
    }

    /// Tells whether a session is in a guild, or waits to be attached.
    #[must_use]
    pub fn is_in(&self, session: SessionRef, guild: GuildId) -> bool {
        self.find(session).is_some_and(|found| found.membership(guild).is_some())
    }

    /// Returns the user of a session.
    #[must_use]
    pub fn user_of(&self, session: SessionRef) -> Option<UserId> {
        self.find(session).map(|found| found.identity.user)
    }
}
