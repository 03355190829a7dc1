//! What a guild answers about its members, and the jobs that it has walk over them.

use std::sync::Arc;

use serde_json::value::RawValue;
use throng_engine::chunk::{self, Rights};
use throng_engine::deck::SessionRef;
use throng_engine::roster::Snapshot;
use throng_ports::hub::JobKind;
use throng_proto::event::EventKind;
use throng_proto::gateway::RequestMembers;
use throng_proto::gateway::payload::{self, RateLimited};
use throng_proto::id::{RoleId, UserId};
use throng_proto::refusal::UNAVAILABLE_WAIT;
use throng_proto::wire::{Body, Wire};
use tokio::sync::oneshot;

use super::task::GuildTask;
use crate::jobs::{Chunks, Holders, Recipient, Title};
use crate::letter::WorkerLetter;
use crate::metrics::Refused;

impl GuildTask {
    /// Answers a request for some members at once, and has the whole list sent by a job.
    pub(super) async fn members(
        &mut self,
        session: SessionRef,
        request: Box<RequestMembers>,
        rights: Rights,
        wire: Wire,
    ) {
        if !chunk::is_full(&request) || !rights.members {
            let body = chunk::found(&request, rights, &mut self.attendance, self.guild.roster());
            return self.own(session, EventKind::GuildMembersChunk, body).await;
        }
        let refusal = RateLimited::new(&request, UNAVAILABLE_WAIT);
        let refusal = payload::dispatch(EventKind::RateLimited, &refusal);
        let members = self.guild.roster().snapshot();
        let title = self.title(JobKind::Chunks, &members);
        let (settings, post) = (Arc::clone(&self.ties.settings), self.ties.post.clone());
        let to = Recipient { session, request, rights, wire };
        let chunks = Chunks { settings, post, members, to };
        let submitted = self.ties.jobs.submit(title, |turn| chunks.run(turn));
        if submitted.is_err() {
            self.ties.meter.refuse(Refused::Jobs);
            self.own(session, EventKind::RateLimited, refusal).await;
        }
    }

    /// Finds out who had a role, beside the traffic. When too many jobs wait nobody is announced.
    pub(super) fn seek_holders(&self, role: RoleId, members: Snapshot) {
        let title = self.title(JobKind::RoleHolders, &members);
        let (few, guild) = (self.guild.announce_max(), self.id());
        let post = self.ties.post.clone();
        let holders = Holders { post, role, members, few, guild };
        if self.ties.jobs.submit(title, |turn| holders.run(turn)).is_err() {
            self.ties.meter.refuse(Refused::Jobs);
        }
    }

    /// Answers who of some users is online.
    pub(super) fn presences(&mut self, users: &[UserId], answer: oneshot::Sender<Box<RawValue>>) {
        // The job may have been cancelled.
        _ = answer.send(self.attendance.presences_of(users.iter().copied()));
    }

    fn title(&self, kind: JobKind, members: &Snapshot) -> Title {
        Title { kind, guild: self.id(), total: members.len() }
    }

    async fn own(&mut self, session: SessionRef, kind: EventKind, body: Body) {
        let guild = (kind != EventKind::RateLimited).then(|| self.id());
        let message = WorkerLetter::Own { session, kind, guild, body };
        self.ties.post.send(session.worker.into(), message).await;
    }
}
