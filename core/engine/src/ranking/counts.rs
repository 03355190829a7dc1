//! How many entries lie before each bucket: a tree of partial sums after Fenwick.

/// Sums over the sizes of buckets.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Entry `i`, counted from 1, has the sum of the `i & -i` sizes that end with bucket `i - 1`.
    sums: Vec<usize>,
    total: usize,
}

impl Counts {
    pub(super) const fn total(&self) -> usize {
        self.total
    }

    /// Counts everything anew. Costs O(buckets).
    pub(super) fn rebuild(&mut self, sizes: impl Iterator<Item = usize>) {
        self.sums.clear();
        self.sums.push(0);
        self.sums.extend(sizes);
        self.total = self.sums.iter().sum();
        for at in 1..self.sums.len() {
            let next = at + lowest_bit(at);
            if next < self.sums.len() {
                self.sums[next] += self.sums[at];
            }
        }
    }

    /// Counts an entry more in a bucket.
    pub(super) fn grow(&mut self, bucket: usize) {
        self.total += 1;
        self.walk(bucket, |sum| *sum += 1);
    }

    /// Counts an entry less in a bucket.
    pub(super) fn shrink(&mut self, bucket: usize) {
        self.total -= 1;
        self.walk(bucket, |sum| *sum -= 1);
    }

    fn walk(&mut self, bucket: usize, change: impl Fn(&mut usize)) {
        let mut at = bucket + 1;
        while let Some(sum) = self.sums.get_mut(at) {
            change(sum);
            at += lowest_bit(at);
        }
    }

    /// Returns how many entries lie before a bucket.
    pub(super) fn before(&self, bucket: usize) -> usize {
        let (mut at, mut sum) = (bucket, 0);
        while at > 0 {
            sum += self.sums[at];
            at -= lowest_bit(at);
        }
        sum
    }

    /// Returns the bucket of the entry at a place, and its place within.
    pub(super) fn find(&self, place: usize) -> Option<(usize, usize)> {
        if place >= self.total {
            return None;
        }
        let (mut at, mut left) = (0, place);
        let mut step = self.sums.len().next_power_of_two();
        while step > 0 {
            if let Some(sum) = self.sums.get(at + step)
                && *sum <= left
            {
                at += step;
                left -= sum;
            }
            step /= 2;
        }
        Some((at, left))
    }
}

const fn lowest_bit(number: usize) -> usize {
    number & number.wrapping_neg()
}
