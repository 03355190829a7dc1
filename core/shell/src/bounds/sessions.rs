//! How many sessions each user has.

use std::collections::HashMap;

use throng_proto::id::UserId;

/// Sessions of each user.
#[derive(Debug, Default)]
pub(crate) struct SessionCounts(HashMap<UserId, u32>);

impl SessionCounts {
    /// Counts a session in, unless the user has too many.
    pub(crate) fn enter(&mut self, user: UserId, max: usize) -> bool {
        let count = self.0.entry(user).or_default();
        let room = usize::try_from(*count).unwrap_or(usize::MAX) < max;
        *count += u32::from(room);
        room
    }

    pub(crate) fn leave(&mut self, user: UserId) {
        if let Some(count) = self.0.get_mut(&user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(&user);
            }
        }
    }
}
