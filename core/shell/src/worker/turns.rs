//! Long work that is done a slice at a time, beside everything else.

use std::rc::Rc;
use std::sync::Arc;

use throng_engine::deck::Deck;
use tokio::sync::Notify;

use super::local::{Local, Worker};

/// Does slices as long as one says that there is more, and then waits for `work`.
///
/// Workers take turns, so that this leaves cores for everything else.
async fn slices(local: Local, work: Rc<Notify>, slice: fn(&mut Worker) -> bool) {
    let turns = Arc::clone(&local.borrow().ties.verdicts.reviews);
    loop {
        let turn = turns.turn().await;
        let more = slice(&mut local.borrow_mut());
        drop(turn);
        if more {
            // Guilds and stores get the core for a moment, too, where there are few.
            std::thread::yield_now();
            tokio::task::yield_now().await;
        } else {
            work.notified().await;
        }
    }
}

/// Reviews attachments as long as there are some to review.
pub(super) async fn reviews(local: Local) {
    let work = Rc::clone(&local.borrow().reviewing);
    slices(local, work, Worker::review_slice).await;
}

/// Moves attachments as long as there are some to move.
pub(super) async fn moves(local: Local) {
    let work = Rc::clone(&local.borrow().moving);
    slices(local, work, |worker| worker.act(Deck::move_slice)).await;
}

impl Worker {
    /// Asks about the next few attachments. `false` when there are none.
    fn review_slice(&mut self) -> bool {
        let Some(reviewed) = self.act(Deck::review_slice) else {
            if self.deck.end_review() {
                // Whoever waits for the end reads what came of it next.
                self.observe();
                self.ties.verdicts.reviews.finish();
            }
            return false;
        };
        if reviewed.whole {
            self.ties.verdicts.reviews.step(reviewed.done, reviewed.changed);
        }
        true
    }
}
