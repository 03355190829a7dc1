//! Journals that outlive the shell that writes them, but not the process.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use throng_ports::journal::{Found, Journal, Journals, Record};

/// Segments of one journal, oldest first; never empty.
#[derive(Debug)]
struct Segments {
    kept: VecDeque<Vec<Record>>,
    /// Older ones were discarded.
    discarded: bool,
}

impl Segments {
    fn found(&self) -> Vec<Found> {
        let gap = self.discarded.then_some(Found::Gap);
        gap.into_iter().chain(self.kept.iter().flatten().cloned().map(Found::Record)).collect()
    }
}

/// One run's journals.
type Generation = Vec<Arc<Mutex<Segments>>>;

/// Journals in memory.
#[derive(Debug, Default)]
pub struct MemoryJournals {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    begun: Option<Generation>,
    sealed: Generation,
}

impl Journals for MemoryJournals {
    fn recover(&self) -> io::Result<Vec<Vec<Found>>> {
        let state = self.state.lock();
        Ok(state.sealed.iter().map(|segments| segments.lock().found()).collect())
    }

    fn begin(&self, count: usize) -> io::Result<Vec<Box<dyn Journal>>> {
        let fresh = || {
            let kept = VecDeque::from([Vec::new()]);
            Arc::new(Mutex::new(Segments { kept, discarded: false }))
        };
        let generation: Generation = (0..count).map(|_| fresh()).collect();
        let journals = generation.iter().map(|segments| {
            let segments = Arc::clone(segments);
            Box::new(MemoryJournal { segments, unflushed: Vec::new(), bytes: 0 })
                as Box<dyn Journal>
        });
        let journals = journals.collect();
        self.state.lock().begun = Some(generation);
        Ok(journals)
    }

    fn seal(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        let Some(generation) = state.begun.clone() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no generation was begun"));
        };
        state.sealed = generation;
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryJournal {
    segments: Arc<Mutex<Segments>>,
    unflushed: Vec<Record>,
    bytes: u64,
}

impl Journal for MemoryJournal {
    fn append(&mut self, record: &[u8]) {
        self.bytes += record.len() as u64;
        self.unflushed.push(record.to_vec());
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(segment) = self.segments.lock().kept.back_mut() {
            segment.append(&mut self.unflushed);
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.flush()?;
        self.segments.lock().kept.push_back(Vec::new());
        self.bytes = 0;
        Ok(())
    }

    fn discard(&mut self, keep: usize) -> io::Result<()> {
        let mut segments = self.segments.lock();
        let surplus = segments.kept.len().saturating_sub(keep.max(1));
        segments.discarded |= surplus > 0;
        segments.kept.drain(..surplus);
        Ok(())
    }

    fn segment_bytes(&self) -> u64 {
        self.bytes
    }
}
