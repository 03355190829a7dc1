//! Where the relays of a branch are not as its plan says, and what must move.

use indexmap::IndexMap;

use super::{Branch, Split};

/// How full, in quarters, relays are at most after some were merged: the rest is for those who come
/// next, so that a branch at the edge does not split and merge in turn.
const MERGED_QUARTERS: usize = 3;

/// Relays that have the value of a shard key in common.
#[derive(Debug, Default)]
struct Kin {
    /// Numbers and loads.
    relays: Vec<(u32, usize)>,
    attachments: usize,
}

impl Branch {
    /// Takes a plan; [`Branch::look`] says what it leads to.
    pub fn set_plan(&mut self, plan: Split) {
        self.plan = Split { capacity: plan.capacity.max(1), count: plan.count.max(1), ..plan };
    }

    /// Returns the plan in force.
    #[must_use]
    pub const fn plan(&self) -> &Split {
        &self.plan
    }

    /// Returns how many attachments are still to move.
    #[must_use]
    pub fn leaving(&self) -> usize {
        self.relays.values().map(|stand| stand.leaving).sum()
    }

    /// Compares relays with the plan, unless attachments are moving already, and notes what must
    /// move. Returns whether anything must. Costs a look per relay.
    pub fn look(&mut self) -> bool {
        if self.leaving() > 0 {
            return true;
        }
        let mut kin: IndexMap<&str, Kin> = IndexMap::new();
        let mut leaving: Vec<(u32, usize)> = Vec::new();
        for (number, stand) in &self.relays {
            let load = stand.relay.len();
            if stand.key == self.plan.key {
                let kin = kin.entry(&*stand.shard).or_default();
                kin.relays.push((*number, load));
                kin.attachments += load;
            } else {
                leaving.push((*number, load));
            }
        }
        let room = self.relays_max.saturating_sub(self.relays.len());
        leaving.extend(kin.into_values().flat_map(|kin| kin.leaving(&self.plan, room)));
        let mut moves = false;
        for (number, count) in leaving {
            if let Some(stand) = self.relays.get_mut(&number) {
                stand.leaving = count;
                moves |= count > 0;
            }
        }
        moves
    }
}

impl Kin {
    /// Says how many attachments must leave which relays, when `room` more may start.
    fn leaving(mut self, plan: &Split, room: usize) -> Vec<(u32, usize)> {
        let (running, capacity) = (self.relays.len(), plan.capacity);
        let wanted = self.attachments.div_ceil(capacity).max(plan.count.min(self.attachments));
        if running < wanted && room == 0 {
            return Vec::new();
        }
        if running < wanted {
            return self.above_even(wanted);
        }
        let roomy = (capacity * MERGED_QUARTERS / 4).max(1);
        let enough = self.attachments.div_ceil(roomy).max(plan.count);
        if running > enough {
            self.relays.sort_by_key(|(_, load)| *load);
            self.relays.truncate(running - enough);
            return self.relays;
        }
        self.above(capacity)
    }

    /// Leaves relays an even share, when there are to be `wanted` of them.
    fn above_even(mut self, wanted: usize) -> Vec<(u32, usize)> {
        let (share, rest) = (self.attachments / wanted, self.attachments % wanted);
        // The fullest keep what cannot be divided, so that as few as possible move.
        self.relays.sort_by_key(|(_, load)| std::cmp::Reverse(*load));
        let shares = (0..).map(|place| share + usize::from(place < rest));
        let above = self.relays.into_iter().zip(shares);
        above.map(|((number, load), share)| (number, load.saturating_sub(share))).collect()
    }

    fn above(self, most: usize) -> Vec<(u32, usize)> {
        let above =
            self.relays.into_iter().map(|(number, load)| (number, load.saturating_sub(most)));
        above.filter(|(_, count)| *count > 0).collect()
    }
}
