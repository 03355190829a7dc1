//! Presences on their way to others: gathered in a window, then told in slices.

use std::sync::Arc;
use std::time::Duration;

use throng_engine::attendance::Shown;
use throng_proto::id::UserId;

use super::task::GuildTask;
use crate::clock;

/// Presences told in one turn, so that requests never wait long.
const TOLD_MAX: usize = 64;

impl GuildTask {
    /// Begins or ends the window, and tells some of what is due.
    pub(super) async fn tell_presences(&mut self) {
        let now = clock::now();
        if self.attendance.has_news() && self.window.ends.is_none() {
            let window = Duration::from_millis(self.ties.settings.presence.window_ms);
            self.window.ends = Some(now.after(window));
        }
        if self.window.ends.is_some_and(|ends| ends <= now) {
            self.window.ends = None;
            self.attendance.end_window();
        }
        for (user, shown) in self.attendance.tell(TOLD_MAX) {
            self.tell_presence(user, shown).await;
        }
        let coalesced = self.attendance.coalesced();
        self.ties.meter.metrics.presences_coalesced.add(coalesced - self.window.coalesced);
        self.window.coalesced = coalesced;
    }

    async fn tell_presence(&mut self, user: UserId, shown: Shown) {
        self.ties.meter.metrics.presences.add(1);
        let event = self.attendance.event(user, &shown);
        let body = event.as_ref().map(|event| event.body.clone());
        self.list_member(user, shown, body);
        if let Some(event) = event {
            self.publish(Arc::new(event)).await;
        }
    }
}
