//! What a deck does without while the node is under pressure.

use super::{Deck, Line};
use crate::policy::Relief;

impl<L: Line> Deck<L> {
    /// Gives large guilds digests instead of messages, or messages again, as is shed now.
    pub(super) fn relieve(&mut self) {
        let streams = self.shed.has(Relief::Streams);
        let least = self.config.degrade_attachments_min;
        let (mut missed, mut count) = (Vec::new(), 0);
        for (guild, relays) in &mut self.guilds {
            let degraded = streams && relays.facts.attachments >= least;
            count += u64::from(degraded);
            if relays.branch.is_degraded() != degraded {
                let digests = relays.branch.set_degraded(degraded);
                missed.extend(digests.into_iter().map(|digest| (*guild, digest)));
            }
        }
        self.counts.degraded = count;
        self.append_digests(missed);
    }
}
