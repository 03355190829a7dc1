//! Everything that happened, as a hash, and as lines for who watches.

use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher as _};
use std::ops::ControlFlow;

/// Something that is seen of a world.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// One thing happens.
    Event(&'a str),
    /// Something goes wrong.
    Fault(&'a str),
}

/// Who watches a world; it ends when they break.
pub type Watch = Box<dyn FnMut(Seen<'_>) -> ControlFlow<()>>;

pub(crate) struct Trace {
    hasher: DefaultHasher,
    line: String,
    watch: Option<Watch>,
    stopped: bool,
}

impl Trace {
    pub(crate) fn new(watch: Option<Watch>) -> Self {
        // With fixed keys: equal worlds have equal hashes.
        let hasher = DefaultHasher::new();
        Self { hasher, line: String::new(), watch, stopped: false }
    }

    /// Notes that something happens.
    pub(crate) fn note(&mut self, line: fmt::Arguments<'_>) {
        self.write(line);
        if let Some(watch) = &mut self.watch {
            self.stopped |= watch(Seen::Event(&self.line)).is_break();
        }
    }

    /// Notes that something goes wrong.
    pub(crate) fn fault(&mut self, line: fmt::Arguments<'_>) {
        self.write(line);
        if let Some(watch) = &mut self.watch {
            self.stopped |= watch(Seen::Fault(&self.line)).is_break();
        }
    }

    fn write(&mut self, line: fmt::Arguments<'_>) {
        self.line.clear();
        // A string takes everything.
        _ = self.line.write_fmt(line);
        self.hasher.write(self.line.as_bytes());
        self.hasher.write_u8(b'\n');
    }

    /// Tells whether whoever watches has seen enough.
    pub(crate) const fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hasher.finish()
    }
}
