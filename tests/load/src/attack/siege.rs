//! Attackers at work, until they are told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::setpriority_process;

use super::{Blow, Ground, Kind, Strike};

/// Niceness of attackers: behind the honest, whose clocks would be late else, though the gateway
/// is not.
const NICENESS: i32 = 10;
/// How long an attacker waits that cannot even begin.
const PAUSE: Duration = Duration::from_millis(20);

/// What attackers did so far.
#[derive(Debug, Default)]
struct Score {
    over: AtomicBool,
    taken: AtomicU64,
    refused: AtomicU64,
    cut: AtomicU64,
}

/// Attackers at work; they end when it is dropped.
#[derive(Debug)]
pub(super) struct Siege {
    score: Arc<Score>,
    hands: Vec<JoinHandle<()>>,
}

/// How often attackers got what they wanted, and how often not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Toll {
    pub(super) taken: u64,
    pub(super) refused: u64,
    /// Links that ended.
    pub(super) cut: u64,
}

impl Siege {
    /// Lets attackers of a kind begin.
    pub(super) fn lay(kind: &'static Kind, ground: &Arc<Ground>) -> Self {
        let score = Arc::new(Score::default());
        let hands = (0..kind.hands).map(|number| {
            let (score, ground) = (Arc::clone(&score), Arc::clone(ground));
            thread::spawn(move || fight(kind, &ground, number, &score))
        });
        let hands = hands.collect();
        Self { score, hands }
    }

    /// Ends it, and returns what came of it.
    pub(super) fn lift(mut self) -> Toll {
        self.end();
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Score { taken, refused, cut, .. } = &*self.score;
        Toll { taken: read(taken), refused: read(refused), cut: read(cut) }
    }

    fn end(&mut self) {
        self.score.over.store(true, Ordering::Relaxed);
        for hand in self.hands.drain(..) {
            if hand.join().is_err() {
                eprintln!("throng-load: an attacker panicked");
            }
        }
    }
}

impl Drop for Siege {
    fn drop(&mut self) {
        self.end();
    }
}

fn fight(kind: &Kind, ground: &Ground, number: usize, score: &Score) {
    let _refused = setpriority_process(None, NICENESS);
    let mut armed: Option<Box<dyn Strike>> = None;
    while !score.over.load(Ordering::Relaxed) {
        let Some(attacker) = &mut armed else {
            match (kind.arm)(ground, number) {
                Ok(attacker) => armed = Some(attacker),
                Err(_) => {
                    score.cut.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(PAUSE);
                }
            }
            continue;
        };
        let count = match attacker.strike() {
            Ok(Blow::Taken) => &score.taken,
            Ok(Blow::Refused) => &score.refused,
            Err(_) => {
                armed = None;
                &score.cut
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}
