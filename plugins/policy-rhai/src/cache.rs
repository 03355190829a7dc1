//! Verdicts for equal facts.
//!
//! A script is pure, so what it answers depends on the facts that it reads and on nothing else. A
//! verdict is kept under the names and values of those facts. Which facts a script reads depends
//! on the values it has read before, so a hook has several *shapes*, sets of facts that runs of it
//! have read. A question is looked up under each; whichever matches is right, because a run that
//! reads these facts with these values can only end in the same way.

use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwap;
use moka::sync::Cache;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::fact::{Known, Read, Reads, Value};
use crate::verdict::Verdict;

/// Shapes of one hook: past it, further shapes are not remembered, because each costs a look.
const SHAPES_MAX: usize = 12;

/// Verdicts of all hooks and versions, at most so many.
#[derive(Debug)]
pub(crate) struct Verdicts {
    cache: Cache<u128, Verdict, BuildHasherDefault<KeyHasher>>,
    /// Clients choose some facts; with a secret they cannot choose what collides.
    secret: (u64, u64),
}

/// Sets of facts that runs of one hook of one version have read.
#[derive(Debug)]
pub(crate) struct Shapes {
    /// Tells hooks and versions apart.
    owner: u64,
    shapes: ArcSwap<Vec<Arc<[Read]>>>,
}

impl Verdicts {
    pub(crate) fn new(verdicts_max: u64) -> Self {
        let cache = Cache::builder().max_capacity(verdicts_max);
        let random = || RandomState::new().build_hasher().finish();
        let cache = cache.build_with_hasher(BuildHasherDefault::default());
        Self { cache, secret: (random(), random()) }
    }

    /// Finds the verdict for facts that are equal to those of an earlier run.
    pub(crate) fn find(&self, shapes: &Shapes, known: &Known<'_>) -> Option<Verdict> {
        let all = shapes.shapes.load();
        let mut keys = (0..).zip(all.iter());
        keys.find_map(|(index, shape)| {
            self.cache.get(&self.key((shapes.owner, index), shape, known)?)
        })
    }

    /// Keeps the verdict of a run that read these facts.
    pub(crate) fn keep(
        &self,
        shapes: &Shapes,
        reads: &Reads,
        known: &Known<'_>,
        verdict: &Verdict,
    ) {
        let Some((index, shape)) = shapes.admit(reads) else { return };
        if let Some(key) = self.key((shapes.owner, index), &shape, known) {
            self.cache.insert(key, verdict.clone());
        }
    }

    /// Forgets everything, which only frees memory: other versions have other keys.
    pub(crate) fn clear(&self) {
        self.cache.invalidate_all();
    }

    pub(crate) fn count(&self) -> u64 {
        self.cache.entry_count()
    }

    fn key(&self, (owner, index): (u64, u64), shape: &[Read], known: &Known<'_>) -> Option<u128> {
        let mut hasher = SipHasher13::new_with_keys(self.secret.0, self.secret.1);
        hasher.write_u64(owner);
        hasher.write_u64(index);
        for read in shape {
            write(known.value(*read)?, &mut hasher);
        }
        Some(hasher.finish128().as_u128())
    }
}

impl Shapes {
    pub(crate) fn new(owner: u64) -> Self {
        Self { owner, shapes: ArcSwap::default() }
    }

    /// Returns the shape of what was read, with its place; `None` when it is not remembered.
    fn admit(&self, reads: &Reads) -> Option<(u64, Arc<[Read]>)> {
        if reads.overflowed() {
            return None;
        }
        let shape = reads.sorted();
        let place = |all: &[Arc<[Read]>]| {
            let (index, shape) = (0..).zip(all).find(|(_, one)| ***one == *shape)?;
            Some((index, Arc::clone(shape)))
        };
        let full = |all: &[Arc<[Read]>]| all.len() >= SHAPES_MAX;
        let all = self.shapes.load();
        if let Some(place) = place(&all) {
            return Some(place);
        }
        if full(&all) {
            return None;
        }
        // Shapes are only added, so that places keep their meaning.
        self.shapes.rcu(|all| {
            let mut all = Vec::clone(all);
            if place(&all).is_none() && !full(&all) {
                all.push(Arc::from(&*shape));
            }
            all
        });
        place(&self.shapes.load())
    }
}

/// Writes a value so that no two values of one fact are written alike.
fn write(value: Value<'_>, hasher: &mut SipHasher13) {
    match value {
        Value::Bool(value) => hasher.write_u8(value.into()),
        Value::Int(value) => hasher.write_i64(value),
        Value::Text(text) => {
            hasher.write_usize(text.len());
            hasher.write(text.as_bytes());
        }
        Value::Roles(roles) => {
            hasher.write_usize(roles.len());
            roles.iter().for_each(|role| hasher.write_u64(role.value()));
        }
        Value::RelayNumbers(relays) => {
            hasher.write_usize(relays.len());
            relays.iter().for_each(|relay| hasher.write_u32(relay.relay));
        }
        Value::RelayLoads(relays) => {
            hasher.write_usize(relays.len());
            relays.iter().for_each(|relay| hasher.write_usize(relay.load));
        }
    }
}

/// Takes keys as they are: they are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}
