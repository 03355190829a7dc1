//! What sessions asked for that concerns many guilds, as far as it is not done yet.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;
use throng_engine::replay::Slot;
use throng_proto::gateway::{PresenceUpdate, Subscriptions};
use throng_proto::id::GuildId;
use tokio::sync::{Notify, Semaphore};

/// Guilds that are asked before their answers are taken: a few of these fill no queue, which
/// would count as pressure of the whole node.
const ASKED_MAX: usize = 512;

/// What sessions asked for and what is not done yet.
#[derive(Debug)]
pub(super) struct Errands {
    pub(super) all: HashMap<Slot, Errand>,
    /// Those that go on, in turn.
    pub(super) queue: VecDeque<Slot>,
    /// Those whose user has used up its budget.
    pub(super) waiting: Vec<Slot>,
    /// Room for guilds that are asked.
    pub(super) room: Arc<Semaphore>,
    pub(super) work: Rc<Notify>,
}

impl Default for Errands {
    fn default() -> Self {
        Self {
            all: HashMap::new(),
            queue: VecDeque::new(),
            waiting: Vec::new(),
            room: Arc::new(Semaphore::new(ASKED_MAX)),
            work: Rc::default(),
        }
    }
}

/// What one session asked for.
#[derive(Debug, Default)]
pub(super) struct Errand {
    pub(super) generation: u32,
    /// Guilds to enter, the last one first, and what to show there.
    pub(super) enter: Vec<GuildId>,
    pub(super) showing: PresenceUpdate,
    pub(super) round: Option<Round>,
    pub(super) subscriptions: Subscriptions,
    /// Whether the journal does not know yet what came of it.
    pub(super) unwritten: bool,
    /// Whether what was asked for last had to wait for the budget, which counts once.
    pub(super) waited: bool,
}

/// A presence on its way through all guilds of a session.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) update: PresenceUpdate,
    pub(super) guilds: SmallVec<[GuildId; 4]>,
    pub(super) next: usize,
    pub(super) left: usize,
    /// Whether the policy may want something else now.
    pub(super) changed: bool,
}

impl Errand {
    pub(super) fn is_done(&self) -> bool {
        self.enter.is_empty() && self.round.is_none() && self.subscriptions.guilds.is_empty()
    }
}

impl Round {
    /// Takes the next guild. Everybody has had the presence when none is left.
    pub(super) fn advance(&mut self) -> Option<GuildId> {
        self.left = self.left.checked_sub(1)?;
        let guild = self.guilds.get(self.next).copied();
        self.next = (self.next + 1) % self.guilds.len().max(1);
        guild
    }
}
