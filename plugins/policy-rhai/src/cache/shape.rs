//! Which facts runs of a hook have read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};

use crate::fact::{Read, Reads};

/// Shapes of one hook: past it, further shapes are not remembered, because each costs a look.
const SHAPES_MAX: usize = 12;
/// Verdicts that are kept under a shape before it is judged.
const TRIAL: u64 = 4_096;
/// Verdicts that may be kept for one that is found again; with more it is cheaper to run.
const KEPT_PER_FOUND: u64 = 16;

/// Sets of facts that runs of one hook of one version have read.
#[derive(Debug)]
pub(crate) struct Shapes {
    /// Tells hooks and versions apart.
    owner: u64,
    shapes: ArcSwap<Vec<Arc<Shape>>>,
}

/// One set of facts.
#[derive(Debug)]
pub(super) struct Shape {
    id: u64,
    reads: Box<[Read]>,
    kept: AtomicU64,
    found: AtomicU64,
}

impl Shapes {
    pub(crate) fn new(owner: u64) -> Self {
        Self { owner, shapes: ArcSwap::default() }
    }

    pub(super) fn all(&self) -> Guard<Arc<Vec<Arc<Shape>>>> {
        self.shapes.load()
    }

    /// Shows the shape of what was read to `use_it`, unless it is not remembered.
    pub(super) fn admit(&self, reads: &Reads, use_it: impl FnOnce(&Shape)) {
        if reads.overflowed() {
            return;
        }
        let reads = reads.sorted();
        let is_same = |one: &&Arc<Shape>| *one.reads == *reads;
        let all = self.shapes.load();
        if let Some(shape) = all.iter().find(is_same) {
            return use_it(shape);
        }
        let is_full = |all: &[Arc<Shape>]| all.len() >= SHAPES_MAX;
        if is_full(&all) {
            return;
        }
        self.shapes.rcu(|all| {
            let mut all = Vec::clone(all);
            if all.iter().find(is_same).is_none() && !is_full(&all) {
                let id = self.owner * SHAPES_MAX as u64 + all.len() as u64;
                all.push(Arc::new(Shape::new(id, reads.to_vec())));
            }
            all
        });
        if let Some(shape) = self.shapes.load().iter().find(is_same) {
            use_it(shape);
        }
    }
}

impl Shape {
    fn new(id: u64, reads: Vec<Read>) -> Self {
        let (kept, found) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { id, reads: reads.into(), kept, found }
    }

    /// Returns a number that no other shape of any hook or version has.
    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn reads(&self) -> &[Read] {
        &self.reads
    }

    pub(super) fn note_kept(&self) {
        self.kept.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_found(&self) {
        self.found.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells whether verdicts under this shape are hardly ever found again, as when scripts read
    /// who the user is.
    pub(super) fn is_hopeless(&self) -> bool {
        let kept = self.kept.load(Ordering::Relaxed);
        kept >= TRIAL && self.found.load(Ordering::Relaxed) < kept / KEPT_PER_FOUND
    }
}
