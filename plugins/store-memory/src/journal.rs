//! Journals that outlive the shell that writes them, but not the process.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use throng_ports::journal::{Journal, Journals, Record};

/// Segments of one journal, oldest first; never empty.
type Segments = VecDeque<Vec<Record>>;

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
    fn recover(&self) -> io::Result<Vec<Vec<Record>>> {
        let state = self.state.lock();
        let journals = state.sealed.iter();
        Ok(journals.map(|segments| segments.lock().iter().flatten().cloned().collect()).collect())
    }

    fn begin(&self, count: usize) -> io::Result<Vec<Box<dyn Journal>>> {
        let fresh = || Arc::new(Mutex::new(Segments::from([Vec::new()])));
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
        if let Some(segment) = self.segments.lock().back_mut() {
            segment.append(&mut self.unflushed);
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.flush()?;
        self.segments.lock().push_back(Vec::new());
        self.bytes = 0;
        Ok(())
    }

    fn discard(&mut self, keep: usize) -> io::Result<()> {
        let mut segments = self.segments.lock();
        let surplus = segments.len().saturating_sub(keep.max(1));
        segments.drain(..surplus);
        Ok(())
    }

    fn segment_bytes(&self) -> u64 {
        self.bytes
    }
}
