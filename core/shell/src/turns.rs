//! What one user asks for at once, one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use throng_proto::id::UserId;
use tokio::sync::OwnedMutexGuard;

/// Users above which those who wait for nothing are forgotten.
const SWEEP_AT: usize = 1_024;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// Whose turn it is, of each user.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<UserId, Turn>>);

impl Turns {
    /// Waits until nothing else of the user is under way.
    pub(crate) async fn take(&self, user: UserId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock();
            if turns.len() >= SWEEP_AT {
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(turns.entry(user).or_default())
        };
        turn.lock_owned().await
    }
}
