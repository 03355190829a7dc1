//! How much of the node's deliveries each guild makes, and which guilds are the heaviest.
//!
//! Workers count on their own and bring what they have counted at each tick. Every minute the
//! heaviest guilds are found anew; only they are shown, so that very many guilds make no more
//! series than a few.

use std::cmp::Reverse;
use std::collections::HashMap;

use parking_lot::Mutex;
use throng_ports::metrics::{Kind, Page};
use throng_proto::id::GuildId;

/// Guilds that are shown.
const SHOWN_MAX: usize = 10;
/// Minutes after which a guild that nobody heard of is forgotten.
const IDLE_MAX: u8 = 10;

/// Deliveries by guild.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    guilds: HashMap<GuildId, Deliveries>,
    /// The heaviest of the last minute, the heaviest first; empty until there was one.
    heaviest: Vec<GuildId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Deliveries {
    total: u64,
    /// Total when the minute began.
    before: u64,
    /// Minutes without any.
    idle: u8,
}

impl Deliveries {
    const fn lately(self) -> u64 {
        self.total.saturating_sub(self.before)
    }
}

impl Traffic {
    /// Adds what a worker has counted.
    pub(crate) fn add(&self, counted: impl Iterator<Item = (GuildId, u64)>) {
        let mut counted = counted.peekable();
        if counted.peek().is_none() {
            return;
        }
        let mut state = self.0.lock();
        for (guild, deliveries) in counted {
            state.guilds.entry(guild).or_default().total += deliveries;
        }
    }

    /// Ends a minute.
    pub(crate) fn rank(&self) {
        let mut state = self.0.lock();
        state.heaviest = state.heaviest_of_now();
        state.guilds.retain(|_, tally| {
            tally.idle = if tally.lately() == 0 { tally.idle.saturating_add(1) } else { 0 };
            tally.before = tally.total;
            tally.idle < IDLE_MAX
        });
    }

    /// Writes the deliveries of the heaviest guilds.
    pub(crate) fn measure(&self, page: &mut Page) {
        let help = "Deliveries of the ten guilds that made most of them in the last minute.";
        page.family("throng_guild_deliveries_total", Kind::Counter, help);
        let state = self.0.lock();
        let first = state.heaviest.is_empty().then(|| state.heaviest_of_now());
        for guild in first.as_ref().unwrap_or(&state.heaviest) {
            let Some(tally) = state.guilds.get(guild) else { continue };
            page.sample(&[("guild", &guild.to_string())], tally.total);
        }
    }
}

impl State {
    fn heaviest_of_now(&self) -> Vec<GuildId> {
        let busy = self.guilds.iter().filter(|(_, tally)| tally.lately() > 0);
        let mut busy: Vec<_> =
            busy.map(|(guild, tally)| (Reverse(tally.lately()), *guild)).collect();
        if busy.len() > SHOWN_MAX {
            busy.select_nth_unstable(SHOWN_MAX);
            busy.truncate(SHOWN_MAX);
        }
        busy.sort_unstable();
        busy.into_iter().map(|(_, guild)| guild).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(traffic: &Traffic) -> Vec<String> {
        let mut page = Page::default();
        traffic.measure(&mut page);
        let text = page.into_text();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.replace("throng_guild_deliveries_total", "")).collect()
    }

    fn add(traffic: &Traffic, counted: impl IntoIterator<Item = (u64, u64)>) {
        let counted = counted.into_iter().map(|(guild, count)| (GuildId::new(guild), count));
        traffic.add(counted);
    }

    #[test]
    fn the_heaviest_of_the_last_minute_are_shown_with_all_that_they_made() {
        let traffic = Traffic::default();
        assert_eq!(shown(&traffic), [""; 0]);
        add(&traffic, (1..=1_000).map(|guild| (guild, guild)));
        let first = shown(&traffic);
        assert_eq!((first.len(), &*first[0]), (10, "{guild=\"1000\"} 1000"));
        traffic.rank();
        add(&traffic, [(5, 70), (6, 80)]);
        assert_eq!(shown(&traffic), first, "until the minute is over");
        traffic.rank();
        assert_eq!(shown(&traffic), ["{guild=\"6\"} 86", "{guild=\"5\"} 75"]);
        add(&traffic, [(5, 1)]);
        traffic.rank();
        assert_eq!(shown(&traffic), ["{guild=\"5\"} 76"], "counters never go back");
    }

    #[test]
    fn guilds_that_have_fallen_silent_are_forgotten() {
        let traffic = Traffic::default();
        add(&traffic, (1..=50).map(|guild| (guild, 1)));
        for _ in 0..=IDLE_MAX {
            add(&traffic, [(7, 1)]);
            traffic.rank();
        }
        assert_eq!(traffic.0.lock().guilds.len(), 1);
    }
}
