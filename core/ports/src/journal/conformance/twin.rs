//! Journals that are broken on purpose, to see that the suite notices.
//!
//! A twin is an adapter's own place in which one thing is wrong; everything else is as it was.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Check;
use crate::journal::{Found, Journal, Journals};

macro_rules! faults {
    ($($doc:literal $fault:ident => $($check:ident),+;)*) => {
        /// One thing that is wrong with a place for journals.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $(#[doc = $doc] $fault,)*
        }

        /// Each fault with the checks that catch it.
        pub const CAUGHT: &[(Fault, &[Check])] = &[$((Fault::$fault, &[$(Check::$check),+]),)*];
    };
}

faults! {
    "What was never begun is sealed."
    SealsNothing => NewIsEmpty;
    "Journals come back in the order of their numbers as text."
    OrdersAsText => SealedComeBack;
    "The last record of each journal is lost."
    LosesTheLast => SealedComeBack, RecordsAreAnything;
    "A generation is sealed when it begins."
    SealsAtOnce => UnsealedIsIgnored;
    "Empty records are lost."
    LosesEmpty => RecordsAreAnything;
    "Gaps are not told."
    HidesGaps => SegmentsAreKept, SealedGoesOn;
    "What is discarded stays."
    DiscardsNothing => SegmentsAreKept, SealedGoesOn;
    "What is appended after the seal is lost."
    EndsAtSeal => SealedGoesOn;
    "A generation without journals is none, and the one before stays."
    SkipsEmpty => MayBeEmpty;
}

/// Breaks an adapter's journals in every way of [`CAUGHT`], and expects each check to notice.
/// `place` makes a new place for each, and what opens it again.
///
/// # Panics
///
/// A check does not notice, or nothing shows that it can fail.
pub fn all<O: FnMut() -> Arc<dyn Journals>>(mut place: impl FnMut() -> O) {
    for check in Check::ALL {
        let is_tried = CAUGHT.iter().any(|(_, checks)| checks.contains(check));
        assert!(is_tried, "nothing shows that {check:?} can fail");
    }
    for (fault, checks) in CAUGHT {
        for check in *checks {
            check.run(&mut place());
            let mut open = place();
            let mut broken = || -> Arc<dyn Journals> { Arc::new(Twin::new(open(), *fault)) };
            let caught = panic::catch_unwind(AssertUnwindSafe(|| check.run(&mut broken)));
            assert!(caught.is_err(), "{check:?} does not notice a place that {fault:?}");
        }
    }
}

/// A place with a fault.
struct Twin {
    inner: Arc<dyn Journals>,
    fault: Fault,
    is_sealed: Arc<AtomicBool>,
    is_empty: AtomicBool,
}

impl Twin {
    fn new(inner: Arc<dyn Journals>, fault: Fault) -> Self {
        Self { inner, fault, is_sealed: Arc::default(), is_empty: AtomicBool::default() }
    }
}

impl Journals for Twin {
    fn recover(&self) -> io::Result<Vec<Vec<Found>>> {
        let mut found = self.inner.recover()?;
        match self.fault {
            Fault::OrdersAsText => {
                let mut numbered: Vec<_> = found.into_iter().enumerate().collect();
                numbered.sort_by_key(|(number, _)| number.to_string());
                found = numbered.into_iter().map(|(_, journal)| journal).collect();
            }
            Fault::LosesTheLast => found.iter_mut().for_each(|journal| _ = journal.pop()),
            Fault::HidesGaps => {
                found.iter_mut().for_each(|journal| journal.retain(|one| *one != Found::Gap));
            }
            _ => {}
        }
        Ok(found)
    }

    fn begin(&self, count: usize) -> io::Result<Vec<Box<dyn Journal>>> {
        let is_empty = self.fault == Fault::SkipsEmpty && count == 0;
        self.is_empty.store(is_empty, Ordering::Relaxed);
        if is_empty {
            return Ok(Vec::new());
        }
        let begun = self.inner.begin(count)?;
        if self.fault == Fault::SealsAtOnce {
            self.inner.seal()?;
        }
        let broken = begun.into_iter().map(|inner| -> Box<dyn Journal> {
            let is_sealed = Arc::clone(&self.is_sealed);
            Box::new(TwinJournal { inner, fault: self.fault, is_sealed })
        });
        Ok(broken.collect())
    }

    fn seal(&self) -> io::Result<()> {
        self.is_sealed.store(true, Ordering::Relaxed);
        match self.fault {
            Fault::SealsNothing => self.inner.seal().or(Ok(())),
            _ if self.is_empty.load(Ordering::Relaxed) => Ok(()),
            _ => self.inner.seal(),
        }
    }
}

/// A journal of a place with a fault.
struct TwinJournal {
    inner: Box<dyn Journal>,
    fault: Fault,
    is_sealed: Arc<AtomicBool>,
}

impl Journal for TwinJournal {
    fn append(&mut self, record: &[u8]) {
        let is_lost = match self.fault {
            Fault::LosesEmpty => record.is_empty(),
            Fault::EndsAtSeal => self.is_sealed.load(Ordering::Relaxed),
            _ => false,
        };
        if !is_lost {
            self.inner.append(record);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.inner.rotate()
    }

    fn discard(&mut self, keep: usize) -> io::Result<()> {
        match self.fault {
            Fault::DiscardsNothing => Ok(()),
            _ => self.inner.discard(keep),
        }
    }

    fn segment_bytes(&self) -> u64 {
        self.inner.segment_bytes()
    }
}
