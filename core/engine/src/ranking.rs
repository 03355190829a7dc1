//! A sorted set that knows where everything stands.
//!
//! # Algorithm
//!
//! Entries lie in buckets of at most `BUCKET_MAX`. A search halves the buckets, then one bucket;
//! the entries before a bucket are counted by a tree of partial sums. A bucket that is full is
//! split, and one that has become small joins its neighbour; only then the tree is built again, so
//! that every change costs O(log n) and the move of part of a bucket.

mod counts;

use self::counts::Counts;

/// Entries of a bucket. Moving half of one costs as much as finding it among a million.
const BUCKET_MAX: usize = 512;
/// Entries below which a bucket looks for a neighbour to join.
const BUCKET_MIN: usize = BUCKET_MAX / 4;

/// A sorted set of which every change tells its place. At 1,000,000 entries nothing but a whole
/// walk costs more than a few microseconds.
#[derive(Clone, Debug)]
pub struct Ranking<T> {
    buckets: Vec<Vec<T>>,
    counts: Counts,
}

impl<T> Default for Ranking<T> {
    fn default() -> Self {
        Self { buckets: Vec::new(), counts: Counts::default() }
    }
}

impl<T: Ord> Ranking<T> {
    /// Returns how many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.counts.total()
    }

    /// Tells whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an entry and returns its place; `None` when it was there already.
    pub fn insert(&mut self, entry: T) -> Option<usize> {
        if self.buckets.is_empty() {
            self.buckets.push(Vec::new());
            self.recount();
        }
        let bucket = self.bucket_of(&entry).min(self.buckets.len() - 1);
        let Err(within) = self.buckets[bucket].binary_search(&entry) else { return None };
        self.buckets[bucket].insert(within, entry);
        self.counts.grow(bucket);
        let place = self.counts.before(bucket) + within;
        if self.buckets[bucket].len() > BUCKET_MAX {
            self.split(bucket);
        }
        Some(place)
    }

    /// Removes an entry and returns the place that it had; `None` when it was not there.
    pub fn remove(&mut self, entry: &T) -> Option<usize> {
        let bucket = self.bucket_of(entry);
        let within = self.buckets.get(bucket)?.binary_search(entry).ok()?;
        self.buckets[bucket].remove(within);
        self.counts.shrink(bucket);
        let place = self.counts.before(bucket) + within;
        if self.buckets[bucket].len() < BUCKET_MIN {
            self.join(bucket);
        }
        Some(place)
    }

    /// Returns the place of an entry.
    #[must_use]
    pub fn rank(&self, entry: &T) -> Option<usize> {
        let bucket = self.bucket_of(entry);
        let within = self.buckets.get(bucket)?.binary_search(entry).ok()?;
        Some(self.counts.before(bucket) + within)
    }

    /// Returns the entry at a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        let (bucket, within) = self.counts.find(place)?;
        self.buckets.get(bucket)?.get(within)
    }

    /// Iterates from a place on.
    pub fn iter_from(&self, place: usize) -> impl Iterator<Item = &T> {
        let (bucket, within) = self.counts.find(place).unwrap_or((self.buckets.len(), 0));
        self.buckets.iter().skip(bucket).flatten().skip(within)
    }

    /// Returns the first bucket whose last entry is not below `entry`, or the number of buckets.
    fn bucket_of(&self, entry: &T) -> usize {
        self.buckets.partition_point(|bucket| bucket.last().is_some_and(|last| last < entry))
    }

    fn split(&mut self, bucket: usize) {
        let upper = self.buckets[bucket].split_off(BUCKET_MAX / 2);
        self.buckets.insert(bucket + 1, upper);
        self.recount();
    }

    /// Joins a small bucket to a neighbour that has room; an empty one goes.
    fn join(&mut self, bucket: usize) {
        let size = |at: usize| self.buckets.get(at).map_or(usize::MAX, Vec::len);
        let left = bucket.checked_sub(1).unwrap_or(bucket);
        let left = if left < bucket && size(left) <= size(bucket + 1) { left } else { bucket };
        if size(bucket) == 0 {
            self.buckets.remove(bucket);
        } else if size(left).saturating_add(size(left + 1)) <= BUCKET_MAX / 2 {
            let mut upper = self.buckets.remove(left + 1);
            self.buckets[left].append(&mut upper);
        } else {
            return;
        }
        self.recount();
    }

    fn recount(&mut self) {
        self.counts.rebuild(self.buckets.iter().map(Vec::len));
    }
}
