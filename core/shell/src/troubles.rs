//! What is wrong with the node right now: several things at once, each under a name of its own.
//!
//! Whoever notices something sets it, and only the same name clears it: one good commit says
//! nothing about another guild's. A name is a kind, or a kind and a thing: `store:1234`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use throng_engine::time::Instant;
use throng_ports::hub::Health;
use throng_ports::metrics::{Kind, Page};

use crate::clock;

/// Troubles that one answer names; of the others it says how many there are.
const NAMED_MAX: usize = 5;
/// Troubles that are kept at the same time; more of them say nothing new.
const KEPT_MAX: usize = 1_000;

/// The troubles of a node. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Troubles(Arc<Mutex<BTreeMap<String, Trouble>>>);

#[derive(Debug)]
struct Trouble {
    text: String,
    /// No clients should be sent here while it lasts.
    grave: bool,
    /// When it is over unless it happens again.
    until: Instant,
}

impl Troubles {
    /// Notes what is wrong until [`Self::clear`]; the node still serves.
    pub fn set(&self, name: impl Into<String>, text: impl Into<String>) {
        self.put(name.into(), text.into(), false, Instant::NEVER);
    }

    /// As [`Self::set`], for what makes the node of no use: `/readyz` answers 503.
    pub fn set_grave(&self, name: impl Into<String>, text: impl Into<String>) {
        self.put(name.into(), text.into(), true, Instant::NEVER);
    }

    /// Notes what went wrong once: it counts for a while, unless it is cleared or happens again.
    pub fn set_for(&self, name: impl Into<String>, text: impl Into<String>, lasts: Duration) {
        self.put(name.into(), text.into(), false, clock::now().after(lasts));
    }

    /// Ends a trouble. `false` when there was none of this name.
    pub fn clear(&self, name: &str) -> bool {
        self.0.lock().remove(name).is_some()
    }

    /// Tells whether there is a trouble of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let now = clock::now();
        self.0.lock().get(name).is_some_and(|trouble| trouble.until > now)
    }

    /// Returns how the node is by them; `None` when there are none.
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        let mut troubles = self.0.lock();
        forget(&mut troubles);
        let grave = troubles.values().any(|trouble| trouble.grave);
        // The grave ones first: they are why.
        let (first, then) = (troubles.values().filter(|t| t.grave), troubles.values());
        let texts: Vec<&str> =
            first.chain(then.filter(|t| !t.grave)).map(|trouble| &*trouble.text).collect();
        let (named, others) = texts.split_at(texts.len().min(NAMED_MAX));
        if named.is_empty() {
            return None;
        }
        let mut reason = named.join("; ");
        if !others.is_empty() {
            reason = format!("{reason}; and {} more", others.len());
        }
        Some(if grave { Health::Failing(reason) } else { Health::Degraded(reason) })
    }

    /// Writes how many there are, by kind.
    pub(crate) fn measure(&self, page: &mut Page) {
        let mut troubles = self.0.lock();
        forget(&mut troubles);
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for name in troubles.keys() {
            let kind = name.split(':').next().unwrap_or_default();
            *kinds.entry(kind).or_default() += 1;
        }
        page.family("throng_troubles", Kind::Gauge, "What is wrong now, by kind; see /readyz.");
        for (kind, count) in kinds {
            page.sample(&[("kind", kind)], count);
        }
    }

    fn put(&self, name: String, text: String, grave: bool, until: Instant) {
        let mut troubles = self.0.lock();
        if troubles.len() >= KEPT_MAX && !troubles.contains_key(&name) {
            forget(&mut troubles);
            if troubles.len() >= KEPT_MAX && !grave {
                return;
            }
        }
        troubles.insert(name, Trouble { text, grave, until });
    }
}

fn forget(troubles: &mut BTreeMap<String, Trouble>) {
    let now = clock::now();
    troubles.retain(|_, trouble| trouble.until > now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_lasts_until_its_own_name_is_cleared() {
        let troubles = Troubles::default();
        assert_eq!(troubles.health(), None);
        troubles.set("store:1", "the disk is full");
        troubles.set("policy", "a breaker is open");
        assert!(!troubles.clear("store:2"));
        let both = "a breaker is open; the disk is full".to_owned();
        assert_eq!(troubles.health(), Some(Health::Degraded(both)));
        troubles.set_grave("data", "the data directory is gone");
        let all = "the data directory is gone; a breaker is open; the disk is full".to_owned();
        assert_eq!(troubles.health(), Some(Health::Failing(all)));
        assert!(troubles.clear("data") && troubles.clear("store:1") && troubles.clear("policy"));
        assert_eq!(troubles.health(), None);
    }

    #[test]
    fn what_happened_once_is_over_after_a_while() {
        let troubles = Troubles::default();
        troubles.set_for("read", "a read failed", Duration::from_mins(60));
        assert!(troubles.has("read"));
        troubles.set_for("read", "a read failed", Duration::ZERO);
        assert!(!troubles.has("read"));
        assert_eq!(troubles.health(), None);
    }

    #[test]
    fn many_troubles_make_a_short_answer() {
        let troubles = Troubles::default();
        (0..2_000).for_each(|n| troubles.set(format!("store:{n:04}"), format!("no {n}")));
        let Some(Health::Degraded(reason)) = troubles.health() else { panic!("degraded") };
        assert_eq!(reason, "no 0; no 1; no 2; no 3; no 4; and 995 more");
        let mut page = Page::default();
        troubles.measure(&mut page);
        assert!(page.into_text().ends_with("throng_troubles{kind=\"store\"} 1000\n"));
    }
}
