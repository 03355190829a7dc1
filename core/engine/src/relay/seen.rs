//! Presences of members that sessions see in a list.

use roaring::RoaringBitmap;
use throng_proto::event::EventClass;
use throng_proto::id::UserId;

use super::Relay;
use crate::mode::Delivery;

impl Relay {
    /// Returns which of these sessions get a user's presence only because they see the user in a
    /// member list: they named no intents, and did not name the user.
    ///
    /// Costs O(groups), and a look at each of them that named any users.
    #[must_use]
    pub fn sees(&self, user: UserId, viewers: &RoaringBitmap) -> RoaringBitmap {
        let mut seeing = RoaringBitmap::new();
        for (key, slots) in &self.groups {
            let full =
                self.table.of(self.effective(key.mode), EventClass::Presence) == Delivery::Full;
            if full && !key.interest.named {
                seeing |= slots & viewers;
            }
        }
        for own in self.slots_of(user).into_iter().flatten() {
            seeing.remove(*own);
        }
        for slot in &seeing & &self.watchful {
            if self.attachments.get(&slot).is_some_and(|a| a.watched.contains(&user)) {
                seeing.remove(slot);
            }
        }
        seeing
    }
}
