//! When to beat, and when the other side has fallen silent.

use std::time::Duration;

use tokio::time::Instant;

/// The heartbeat of one link.
#[derive(Clone, Debug)]
pub(crate) struct Heart {
    interval: Duration,
    next: Instant,
    /// A beat was sent that nothing has answered.
    waiting: bool,
    /// Something kept us from hearing answers since the last beat.
    excused: bool,
}

/// What a look at the clock finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// Send a heartbeat.
    Beat,
    /// Nothing is due.
    Rest,
    /// The last heartbeat was never answered.
    Silent,
}

impl Heart {
    /// Begins at HELLO; `fraction` of an interval until the first beat keeps clients that came
    /// together from beating together.
    pub(crate) fn new(now: Instant, interval: Duration, fraction: f64) -> Self {
        let next = now + interval.mul_f64(fraction.clamp(0.0, 1.0));
        Self { interval, next, waiting: false, excused: false }
    }

    /// Returns when to look again.
    pub(crate) const fn deadline(&self) -> Instant {
        self.next
    }

    /// Looks at the clock.
    pub(crate) fn tick(&mut self, now: Instant) -> Pulse {
        if now < self.next {
            return Pulse::Rest;
        }
        if self.waiting && !self.excused {
            return Pulse::Silent;
        }
        self.beat(now);
        Pulse::Beat
    }

    /// Counts a heartbeat that is sent now, also when the gateway asked for it.
    pub(crate) fn beat(&mut self, now: Instant) {
        self.next = now + self.interval;
        self.waiting = true;
        self.excused = false;
    }

    /// Takes note of an answer.
    pub(crate) const fn acknowledge(&mut self) {
        self.waiting = false;
    }

    /// Lets the next look pass without an answer, because nobody was listening.
    pub(crate) const fn excuse(&mut self) {
        self.excused = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(40);

    #[test]
    fn the_first_beat_comes_after_a_part_of_the_interval() {
        let start = Instant::now();
        let mut heart = Heart::new(start, INTERVAL, 0.25);
        assert_eq!(heart.deadline(), start + INTERVAL / 4);
        assert_eq!(heart.tick(start + INTERVAL / 5), Pulse::Rest);
        assert_eq!(heart.tick(heart.deadline()), Pulse::Beat);
        assert_eq!(heart.deadline(), start + INTERVAL / 4 + INTERVAL);
    }

    #[test]
    fn answered_beats_go_on_and_an_unanswered_one_is_silence() {
        let mut heart = Heart::new(Instant::now(), INTERVAL, 0.0);
        for _ in 0..3 {
            assert_eq!(heart.tick(heart.deadline()), Pulse::Beat);
            heart.acknowledge();
        }
        assert_eq!(heart.tick(heart.deadline()), Pulse::Beat);
        assert_eq!(heart.tick(heart.deadline()), Pulse::Silent);
    }

    #[test]
    fn who_does_not_listen_does_not_call_the_other_silent() {
        let mut heart = Heart::new(Instant::now(), INTERVAL, 0.0);
        assert_eq!(heart.tick(heart.deadline()), Pulse::Beat);
        heart.excuse();
        assert_eq!(heart.tick(heart.deadline()), Pulse::Beat);
        assert_eq!(heart.tick(heart.deadline()), Pulse::Silent);
    }

    #[test]
    fn a_beat_that_was_asked_for_puts_the_next_one_off() {
        let start = Instant::now();
        let mut heart = Heart::new(start, INTERVAL, 1.0);
        heart.beat(start + INTERVAL / 2);
        assert_eq!(heart.tick(start + INTERVAL), Pulse::Rest);
        heart.acknowledge();
        assert_eq!(heart.tick(start + INTERVAL * 3 / 2), Pulse::Beat);
    }
}
