//! Verdicts for equal facts.
//!
//! A script is pure, so what it answers depends on the facts that it reads and on nothing else. A
//! verdict is kept under the names and values of those facts. Which facts a script reads depends
//! on the values it has read before, so a hook has several *shapes*, sets of facts that runs of it
//! have read. A question is looked up under each; whichever matches is right, because a run that
//! reads these facts with these values can only end in the same way.

mod front;
mod shape;

use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

use moka::sync::Cache;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::fact::{Known, Reads, Value};
use crate::verdict::Verdict;

use shape::Shape;
pub(crate) use shape::Shapes;

/// Verdicts of all hooks and versions, at most so many.
#[derive(Debug)]
pub(crate) struct Verdicts {
    /// Shared by all threads, behind what each remembers by itself; `None` when nothing is kept.
    cache: Option<Cache<u128, Verdict, BuildHasherDefault<KeyHasher>>>,
    /// Clients choose some facts; with a secret they cannot choose what collides.
    secret: (u64, u64),
}

impl Verdicts {
    pub(crate) fn new(verdicts_max: u64) -> Self {
        let build = || {
            let cache = Cache::builder().max_capacity(verdicts_max);
            cache.build_with_hasher(BuildHasherDefault::default())
        };
        let random = || RandomState::new().build_hasher().finish();
        Self { cache: (verdicts_max > 0).then(build), secret: (random(), random()) }
    }

    /// Finds the verdict for facts that are equal to those of an earlier run.
    pub(crate) fn find(&self, shapes: &Shapes, known: &Known<'_>) -> Option<Verdict> {
        let cache = self.cache.as_ref()?;
        let all = shapes.all();
        let mut hopeful = all.iter().filter(|shape| !shape.is_hopeless());
        hopeful.find_map(|shape| {
            let key = self.key(shape, known)?;
            front::find(key).or_else(|| {
                let verdict = cache.get(&key)?;
                shape.note_found();
                front::keep(key, &verdict);
                Some(verdict)
            })
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
        let Some(cache) = &self.cache else { return };
        shapes.admit(reads, |shape| {
            if let Some(key) = self.key(shape, known).filter(|_| !shape.is_hopeless()) {
                shape.note_kept();
                front::keep(key, verdict);
                cache.insert(key, verdict.clone());
            }
        });
    }

    /// Forgets everything, which only frees memory: other versions have other keys.
    pub(crate) fn clear(&self) {
        self.cache.iter().for_each(Cache::invalidate_all);
    }

    pub(crate) fn count(&self) -> u64 {
        self.cache.as_ref().map_or(0, Cache::entry_count)
    }

    fn key(&self, shape: &Shape, known: &Known<'_>) -> Option<u128> {
        let mut hasher = SipHasher13::new_with_keys(self.secret.0, self.secret.1);
        hasher.write_u64(shape.id());
        for read in shape.reads() {
            write(known.value(*read)?, &mut hasher);
        }
        Some(hasher.finish128().as_u128())
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
        self.0 = (key >> 64) as u64;
    }
}
