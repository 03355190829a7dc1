//! Lines that repeat: of each kind so many in a while, and then how many more there were.
//!
//! A kind is a place in the code together with the reason and the code that the line names. Audit
//! lines are never left out, nor is what was asked for by a filter below `info`, and scripts of
//! policies have a bound of their own.

use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use throng_ports::metrics::{Kind, Page};
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Targets whose lines are all written.
const UNBOUNDED: [&str; 3] = ["throng::audit", "policy", TARGET];
/// Target of the lines that say how many more there were.
const TARGET: &str = "throng::repeats";
/// Kinds that are known at the same time; when reasons are more, they count together.
const KINDS_MAX: usize = 1_024;
/// Characters of a line that the sum of its kind repeats.
const QUOTED_MAX: usize = 120;

static REPEATS: OnceLock<Repeats> = OnceLock::new();

/// Bounds the lines of every kind, from now on.
pub(super) fn start(lines_max: u32, window: Duration) -> Bound {
    let repeats = REPEATS.get_or_init(|| Repeats::new(lines_max, window));
    Bound(repeats)
}

/// Says how many lines were left out whose window is over, or of all when the process ends.
pub(super) fn sum_up(all: bool) {
    let Some(repeats) = REPEATS.get() else { return };
    for Sum { level, count, line } in repeats.sums(Instant::now(), all) {
        let seconds = repeats.window.as_secs();
        match level {
            Level::ERROR => {
                tracing::error!(target: TARGET, count, seconds, "and {count} more: {line}");
            }
            Level::WARN => {
                tracing::warn!(target: TARGET, count, seconds, "and {count} more: {line}");
            }
            _ => tracing::info!(target: TARGET, count, seconds, "and {count} more: {line}"),
        }
    }
}

/// Writes how many lines were left out.
pub(super) fn measure(page: &mut Page) {
    let count = REPEATS.get().map_or(0, |repeats| repeats.state().left_out);
    let help = "Log lines left out because many of their kind were written (log.repeats_max).";
    page.single("throng_log_lines_left_out_total", Kind::Counter, help, count);
}

/// Lets a line through or counts it.
pub(super) struct Bound(&'static Repeats);

impl<S: Subscriber> Layer<S> for Bound {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let meta = event.metadata();
        if *meta.level() > Level::INFO || UNBOUNDED.contains(&meta.target()) {
            return true;
        }
        let mut words = Words::default();
        event.record(&mut words);
        let place = (meta.callsite(), words.reason.finish());
        self.0.take(place, *meta.level(), &words.line, Instant::now())
    }
}

/// What a line says, and why.
#[derive(Default)]
struct Words {
    line: String,
    reason: DefaultHasher,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => _ = write!(self.line, "{value:?}"),
            name @ ("reason" | "code") => {
                let before = self.line.len();
                _ = write!(self.line, " {name}={value:?}");
                self.line[before..].hash(&mut self.reason);
            }
            _ => {}
        }
    }
}

type Place = (Identifier, u64);

/// How many lines of each kind there were.
struct Repeats {
    lines_max: u32,
    window: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kinds: HashMap<Place, Count>,
    left_out: u64,
}

struct Count {
    began: Instant,
    written: u32,
    left_out: u64,
    level: Level,
    line: String,
}

/// Lines of one kind that were left out.
#[derive(Debug, PartialEq, Eq)]
struct Sum {
    level: Level,
    count: u64,
    line: String,
}

impl Repeats {
    fn new(lines_max: u32, window: Duration) -> Self {
        Self { lines_max, window, state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line, or counts it as left out.
    fn take(&self, place: Place, level: Level, line: &str, now: Instant) -> bool {
        if self.lines_max == 0 {
            return true;
        }
        let State { kinds, left_out } = &mut *self.state();
        let known = kinds.len() < KINDS_MAX || kinds.contains_key(&place);
        let place = if known { place } else { (place.0, 0) };
        let count = kinds.entry(place).or_insert_with(|| Count::new(level, now));
        if count.written < self.lines_max {
            count.written += 1;
            return true;
        }
        if count.left_out == 0 {
            count.line = line.chars().take(QUOTED_MAX).collect();
        }
        count.left_out += 1;
        *left_out += 1;
        false
    }

    /// Forgets the kinds whose windows are over, and tells what was left out of them.
    fn sums(&self, now: Instant, all: bool) -> Vec<Sum> {
        let mut sums = Vec::new();
        self.state().kinds.retain(|_, count| {
            let over = all || now.saturating_duration_since(count.began) >= self.window;
            if over && count.left_out > 0 {
                let line = std::mem::take(&mut count.line);
                sums.push(Sum { level: count.level, count: count.left_out, line });
            }
            !over
        });
        sums
    }
}

impl Count {
    const fn new(level: Level, began: Instant) -> Self {
        Self { began, written: 0, left_out: 0, level, line: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    /// Keeps the lines that come through.
    #[derive(Clone, Default)]
    struct Kept(std::sync::Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut words = Words::default();
            event.record(&mut words);
            self.0.lock().unwrap().push(words.line);
        }
    }

    fn watched(lines_max: u32, say: impl FnOnce()) -> (&'static Repeats, Vec<String>) {
        let repeats: &'static Repeats = Box::leak(Box::new(Repeats::new(lines_max, WINDOW)));
        let kept = Kept::default();
        let subscriber = tracing_subscriber::registry().with(Bound(repeats)).with(kept.clone());
        tracing::subscriber::with_default(subscriber, say);
        let lines = std::mem::take(&mut *kept.0.lock().unwrap());
        (repeats, lines)
    }

    #[test]
    fn of_each_reason_so_many_lines_are_written_and_the_rest_is_summed_up() {
        let (repeats, lines) = watched(3, || {
            for number in 0..100 {
                tracing::info!(number, reason = "slow", "a link is closed");
                tracing::info!(number, reason = "rude", "a link is closed");
                tracing::warn!("something else");
            }
        });
        assert_eq!(lines.len(), 9, "{lines:?}");
        let now = Instant::now();
        assert_eq!(repeats.sums(now, false), [], "the window goes on");
        let mut sums = repeats.sums(now + WINDOW, false);
        sums.sort_by(|one, other| one.line.cmp(&other.line));
        let lines: Vec<_> = sums.iter().map(|sum| (sum.count, sum.line.as_str())).collect();
        let [rude, slow] =
            ["\"rude\"", "\"slow\""].map(|why| format!("a link is closed reason={why}"));
        assert_eq!(lines, [(97, &*rude), (97, &*slow), (97, "something else")]);
        assert_eq!(sums[2].level, Level::WARN);
        assert_eq!(repeats.sums(now + WINDOW, true), [], "each is told once");
        assert_eq!(repeats.state().left_out, 291);
    }

    #[test]
    fn a_new_window_takes_lines_again() {
        let repeats = Repeats::new(2, WINDOW);
        let (now, site) = (Instant::now(), place());
        let take =
            |at| (0..5).filter(|_| repeats.take((site.clone(), 1), Level::INFO, "x", at)).count();
        assert_eq!((take(now), take(now)), (2, 0));
        assert_eq!(repeats.sums(now + WINDOW, false).len(), 1);
        assert_eq!(take(now + WINDOW), 2);
    }

    #[test]
    fn audit_lines_and_those_below_info_are_all_written_and_zero_is_no_bound() {
        let (_, lines) = watched(1, || {
            for _ in 0..50 {
                tracing::info!(target: "throng::audit", "done");
                tracing::debug!("a detail");
            }
        });
        assert_eq!(lines.len(), 100);
        let (_, lines) = watched(0, || (0..50).for_each(|_| tracing::info!("a line")));
        assert_eq!(lines.len(), 50);
    }

    #[test]
    fn reasons_without_end_count_together() {
        let repeats = Repeats::new(1, WINDOW);
        let (now, site) = (Instant::now(), place());
        for reason in 1..10_000 {
            repeats.take((site.clone(), reason), Level::INFO, "x", now);
        }
        assert!(repeats.state().kinds.len() <= KINDS_MAX + 1);
        assert!(repeats.state().left_out > 8_000);
    }

    fn place() -> Identifier {
        let mut found = None;
        let (_, _) = watched(1, || {
            found = Some(tracing::info_span!("here").metadata().map(|meta| meta.callsite()));
        });
        found.flatten().expect("a span has a callsite")
    }
}
