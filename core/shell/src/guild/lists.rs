//! Member lists beside the guild: a task that the guild tells of members and presences, and that
//! tells workers what their sessions see. It runs while somebody watches.
//!
//! The guild gives it members in slices of a turn each, so that it never walks over all of them.

mod note;
mod task;

use std::collections::HashSet;
use std::sync::Arc;

use throng_engine::attendance::SessionRef;
use throng_engine::roll::Roll;
use throng_engine::shape::Shape;
use throng_proto::id::UserId;
use tokio::sync::mpsc;

pub(super) use note::{Batch, Note};

use super::ties::Ties;

/// Batches that wait; then the guild does.
const QUEUE: usize = 1_024;

/// Where handing over members goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seed {
    After(Option<UserId>),
    Done,
}

/// The guild's end of its lists.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) sender: mpsc::Sender<Batch>,
    pub(super) notes: Vec<Note>,
    pub(super) viewers: HashSet<SessionRef>,
    pub(super) seed: Seed,
    pub(super) large: bool,
}

impl Lists {
    pub(super) fn start(ties: &Ties, shape: Arc<Shape>, large: bool) -> Self {
        let (sender, inbox) = mpsc::channel(QUEUE);
        task::start(ties, Roll::new(shape, large), inbox);
        let (notes, viewers) = (Vec::new(), HashSet::new());
        Self { sender, notes, viewers, seed: Seed::After(None), large }
    }
}
