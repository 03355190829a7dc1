//! Sessions that the guild's owner before had: they are taken with what they missed, or lost.

use std::sync::Arc;

use throng_engine::deck::{Attach, Restored, Seat};
use throng_engine::event::Event;

use super::task::GuildTask;
use crate::letter::WorkerLetter;

impl GuildTask {
    /// Attaches sessions that survived a restart, and sends what they missed in between.
    pub(super) async fn restore(&mut self, worker: usize, since: u64, sessions: Vec<Attach>) {
        let missed = self.missed(since).await;
        let (mut seats, mut gone) = (Vec::with_capacity(sessions.len()), Vec::new());
        let mut lost = Vec::new();
        for attach in sessions {
            let user = attach.facts.user;
            let Some(member) = self.guild.member(user) else {
                gone.push(attach.session);
                continue;
            };
            if missed.is_none() {
                lost.push(attach.session);
                continue;
            }
            self.attendance.attach(attach.session, user, attach.interest);
            self.attendance.recall(attach.session, user, attach.presence);
            // Lists may have begun with the sessions of another worker, which came earlier.
            self.list_member(user, self.attendance.shown(user), None);
            let Attach { session, interest, .. } = attach;
            seats.push(Seat { session, user, interest, member });
        }
        let events = missed.unwrap_or_default();
        let restored = Box::new(Restored { view: self.view(), seats, gone, lost, events });
        self.ties.post.send(worker, WorkerLetter::Restored(restored)).await;
        self.weigh().await;
    }

    /// Reads what was published after a place in the sequence; `None` when part of it, or the place
    /// itself, is not known: the store lost it, forgot it, or is an older copy.
    async fn missed(&mut self, since: u64) -> Option<Vec<Arc<Event>>> {
        if since >= self.published {
            let known = since == self.published;
            if !known {
                let (guild, published) = (self.id(), self.published);
                tracing::warn!(%guild, since, published, "what sessions were told is not known");
            }
            return known.then(Vec::new);
        }
        let mut missed = match self.ties.archive.store.events(self.id(), since).await {
            Ok(missed) => missed,
            Err(error) => {
                tracing::error!(guild = %self.id(), %error, "cannot read what sessions missed");
                return None;
            }
        };
        missed.retain(|record| record.sequence <= self.published);
        let whole = missed.iter().map(|record| record.sequence).eq(since + 1..=self.published);
        if !whole {
            let (guild, published) = (self.id(), self.published);
            tracing::warn!(%guild, since, published, "what sessions missed is not known any more");
            return None;
        }
        Some(missed.iter().map(|record| Arc::new(Event::from_record(record))).collect())
    }
}
