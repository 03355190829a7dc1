//! Sessions that come to a guild: attached, or turned away.

use throng_engine::deck::{Attach, Grant, Seat, SessionRef};
use throng_proto::intents::Intents;

use super::task::GuildTask;
use crate::letter::{GuildLetter, Room, WorkerLetter};

impl GuildTask {
    /// Attaches a session, unless its user is no member any more.
    pub(super) async fn attach(&mut self, attach: Attach, room: Option<Room>) {
        let user = attach.facts.user;
        let Some(member) = self.guild.member(user) else {
            return self.turn_away(attach.session).await;
        };
        self.attendance.attach(attach.session, user, attach.interest);
        self.attendance.show(attach.session, user, attach.presence);
        let guilds = attach.interest.intents.contains(Intents::GUILDS);
        let grant = Grant {
            seat: Seat { session: attach.session, user, interest: attach.interest, member },
            view: self.view(),
            welcome: guilds.then(|| self.welcome(user, attach.interest)),
            initial: attach.initial,
        };
        let worker = attach.session.worker.into();
        self.ties.post.send(worker, WorkerLetter::Attached(Box::new(grant), room)).await;
        self.weigh().await;
    }

    /// Tells a session's worker that the guild does not take it: the user left, or the guild is
    /// gone, since it asked.
    async fn turn_away(&mut self, session: SessionRef) {
        let guild = self.id();
        let message = WorkerLetter::TurnedAway { session, guild };
        self.ties.post.send(session.worker.into(), message).await;
    }

    /// Ends a guild that was deleted. Who waits to be attached, or to be taken
    /// back, is told.
    pub(super) async fn end(mut self) {
        self.ties.post.directory.remove_guild(self.id());
        self.ties.meter.metrics.guilds.set(self.ties.post.directory.count() as u64);
        self.requests.close();
        while let Some(request) = self.requests.recv().await {
            self.backlog.push_back(request);
        }
        while let Some(request) = self.backlog.pop_front() {
            let asking = match request {
                GuildLetter::Attach(attach, _) => vec![*attach],
                GuildLetter::Restore { sessions, .. } => sessions,
                _ => Vec::new(),
            };
            for attach in asking {
                self.turn_away(attach.session).await;
            }
        }
    }
}
