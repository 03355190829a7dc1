//! Which version is in force, which was before it, and which was taken back.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use parking_lot::Mutex;
use throng_proto::time::Timestamp;

use crate::script::Script;
use crate::version::Version;

/// The version in force, and the one before it with everything that was counted of it.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    current: ArcSwapOption<Version>,
    past: Mutex<Past>,
}

#[derive(Debug, Default)]
struct Past {
    before: Option<Arc<Version>>,
    taken_back: Option<TakenBack>,
}

#[derive(Clone, Debug)]
struct TakenBack {
    version: Arc<Version>,
    why: String,
}

impl Standing {
    pub(crate) fn current(&self) -> Guard<Option<Arc<Version>>> {
        self.current.load()
    }

    /// Finds the version of a script among those that are kept.
    pub(crate) fn known(&self, script: &Script) -> Option<Arc<Version>> {
        let before = self.past.lock().before.clone();
        self.current.load_full().into_iter().chain(before).find(|version| version.is(script))
    }

    /// Puts a version in force, and tells whether it is another one.
    pub(crate) fn adopt(&self, next: Arc<Version>, now: Timestamp) -> bool {
        let mut past = self.past.lock();
        past.taken_back = None;
        if self.current.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, &next)) {
            return false;
        }
        next.resume(now);
        past.before = self.current.swap(Some(next));
        true
    }

    /// Brings the version before back in the place of a failing one, and returns it; `None` where
    /// there is none, or where the failing one is not in force any more.
    pub(crate) fn take_back(
        &self,
        failing: &Arc<Version>,
        why: &str,
        now: Timestamp,
    ) -> Option<Arc<Version>> {
        let mut past = self.past.lock();
        let in_force = self.current.load().as_ref().is_some_and(|one| Arc::ptr_eq(one, failing));
        // Of two that fail, neither is better.
        let returns = past.before.clone().filter(|_| in_force && past.taken_back.is_none())?;
        returns.resume(now);
        past.before = self.current.swap(Some(Arc::clone(&returns)));
        past.taken_back = Some(TakenBack { version: Arc::clone(failing), why: why.to_owned() });
        Some(returns)
    }

    /// Says why the version of a script was taken back; `None` where it was not.
    pub(crate) fn why_taken_back(&self, script: &Script) -> Option<String> {
        let past = self.past.lock();
        past.taken_back.as_ref().filter(|one| one.version.is(script)).map(|one| one.why.clone())
    }

    /// Says what is wrong with what is in force.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let current = self.current.load();
        let taken_back = self.past.lock().taken_back.clone().map(|TakenBack { version, why }| {
            format!("the policy {} was taken back: {why}", version.label())
        });
        taken_back.into_iter().chain(current.iter().flat_map(|one| one.troubles())).collect()
    }

    /// Lists the version in force and the one before it, with all that was counted of them.
    pub(crate) fn both(&self) -> Vec<Arc<Version>> {
        let before = self.past.lock().before.clone();
        let mut both: Vec<_> = self.current.load_full().into_iter().chain(before).collect();
        // Two files of the same text are one version to whoever reads the page.
        both.dedup_by(|left, right| left.id() == right.id());
        both
    }
}
