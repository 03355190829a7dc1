//! Everything that happened, as a hash, and as lines for who watches.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

pub(crate) struct Trace {
    hasher: DefaultHasher,
    watch: Option<fn(&str)>,
}

impl Trace {
    pub(crate) fn new(watch: Option<fn(&str)>) -> Self {
        // With fixed keys: equal worlds have equal hashes.
        Self { hasher: DefaultHasher::new(), watch }
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        let line = line();
        line.hash(&mut self.hasher);
        if let Some(watch) = self.watch {
            watch(&line);
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hasher.finish()
    }
}
