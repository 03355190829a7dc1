//! The ranking against a sorted vector.

use throng_engine::ranking::Ranking;

use crate::random::Random;

/// A ranking and the vector that says what it should be.
#[derive(Default)]
struct Pair {
    ranking: Ranking<u64>,
    model: Vec<u64>,
}

impl Pair {
    fn insert(&mut self, entry: u64) {
        let place = self.model.binary_search(&entry).err();
        if let Some(place) = place {
            self.model.insert(place, entry);
        }
        assert_eq!(self.ranking.insert(entry), place);
    }

    fn remove(&mut self, entry: u64) {
        let place = self.model.binary_search(&entry).ok();
        if let Some(place) = place {
            self.model.remove(place);
        }
        assert_eq!(self.ranking.remove(&entry), place);
    }

    fn check(&self, random: &mut Random) {
        assert_eq!(self.ranking.len(), self.model.len());
        assert_eq!(self.ranking.is_empty(), self.model.is_empty());
        let place = random.index(self.model.len() + 2);
        assert_eq!(self.ranking.get(place), self.model.get(place));
        let some: Vec<_> = self.ranking.iter_from(place).take(100).collect();
        assert_eq!(some, self.model.iter().skip(place).take(100).collect::<Vec<_>>());
        if let Some(entry) = self.model.get(place) {
            assert_eq!(self.ranking.rank(entry), Some(place));
            assert_eq!(
                self.ranking.rank(&(entry + 1)),
                self.model.binary_search(&(entry + 1)).ok()
            );
        }
    }
}

#[test]
fn every_change_tells_its_place_as_in_a_sorted_vector() {
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let mut pair = Pair::default();
        for step in 0..12_000 {
            // First it grows over many buckets, then it shrinks to almost nothing.
            let grows = if step < 8_000 { 80 } else { 10 };
            if random.below(100) < grows {
                pair.insert(random.below(100_000));
            } else if let Some(entry) = pair.model.get(random.index(pair.model.len().max(1))) {
                pair.remove(*entry);
            }
            pair.remove(random.below(100_000));
            if step % 7 == 0 {
                pair.check(&mut random);
            }
        }
    }
}

#[test]
fn entries_in_order_and_in_reverse_are_taken_and_given_back() {
    let mut random = Random::new(3);
    for reverse in [false, true] {
        let mut pair = Pair::default();
        let entry = |number: u64| if reverse { 5_000 - number } else { number };
        (0..5_000).for_each(|number| pair.insert(entry(number)));
        pair.check(&mut random);
        (0..5_000).for_each(|number| pair.remove(entry(number)));
        pair.check(&mut random);
        assert!(pair.ranking.is_empty());
    }
}
