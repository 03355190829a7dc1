//! A bounded map whose entries lapse.

use std::hash::Hash;

use indexmap::IndexMap;
use throng_proto::time::Timestamp;

/// Remembers values until a time of their own. When full it forgets what has lapsed, and the oldest
/// half if that is not enough, so that inserting costs O(1) on average.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    entries: IndexMap<K, (Timestamp, V)>,
    max: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    pub(super) fn new(max: usize) -> Self {
        Self { entries: IndexMap::new(), max }
    }

    /// Remembers a value until a time.
    pub(super) fn insert(&mut self, now: Timestamp, until: Timestamp, key: K, value: V) {
        if self.entries.len() >= self.max {
            self.entries.retain(|_, (until, _)| *until > now);
        }
        if self.entries.len() >= self.max {
            self.entries.drain(..self.max.div_ceil(2));
        }
        self.entries.insert(key, (until, value));
    }

    /// Returns a value that has not lapsed, and when it will.
    pub(super) fn find(&self, now: Timestamp, key: &K) -> Option<&(Timestamp, V)> {
        self.entries.get(key).filter(|(until, _)| *until > now)
    }

    /// Returns a value for changing it, lapsed or not.
    pub(super) fn value_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// Forgets a value if it is the one meant. Costs O(entries).
    pub(super) fn forget(&mut self, key: &K, meant: impl Fn(&V) -> bool) {
        if self.entries.get(key).is_some_and(|(_, value)| meant(value)) {
            self.entries.shift_remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn entries_lapse() {
        let mut recent = Recent::new(4);
        recent.insert(at(0), at(10), 'a', 1);
        assert!(recent.find(at(9), &'a').is_some());
        assert!(recent.find(at(10), &'a').is_none());
    }

    #[test]
    fn a_full_map_forgets_the_oldest_and_never_grows() {
        let mut recent = Recent::new(4);
        for key in 0..100 {
            recent.insert(at(0), at(10), key, key);
            assert!(recent.entries.len() <= 4);
            assert!(recent.find(at(0), &key).is_some());
        }
        assert!(recent.find(at(0), &0).is_none());
    }
}
