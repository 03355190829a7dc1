//! Long work that is done a slice at a time, beside everything else.

use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;

use super::{Local, Worker};

/// Does slices as long as one says that there is more, and then waits for `work`.
///
/// Workers take turns, so that this leaves cores for everything else.
pub(super) async fn slices(local: Local, work: Rc<Notify>, slice: fn(&mut Worker) -> bool) {
    let shared = Arc::clone(&local.borrow().shared);
    loop {
        let turn = shared.review.turn().await;
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
