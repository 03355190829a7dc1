//! Sends the whole list of members to one session, in chunks, at a pace that others do not feel.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use throng_engine::chunk::{Part, Rights, Whole};
use throng_engine::deck::{Chunk, SessionRef};
use throng_engine::roster::Snapshot;
use throng_proto::gateway::RequestMembers;
use throng_proto::wire::{Body, Wire};
use tokio::sync::oneshot;

use super::{Ended, Stop, Turn, stand_aside};
use crate::clock;
use crate::guild::Request;
use crate::node::Shared;
use crate::worker::WorkerMessage;

/// How long a session that has not taken the last chunk is left alone.
const PATIENCE: Duration = Duration::from_millis(20);

/// The whole list for one session.
pub(crate) struct Chunks {
    pub(crate) shared: Arc<Shared>,
    pub(crate) members: Snapshot,
    pub(crate) session: SessionRef,
    pub(crate) request: Box<RequestMembers>,
    pub(crate) rights: Rights,
    /// How payloads travel to the session, as long as it keeps its link.
    pub(crate) wire: Wire,
}

impl Chunks {
    /// Sends chunk after chunk.
    pub(crate) async fn run(self, turn: Turn) -> Ended {
        let pace = Duration::from_millis(self.shared.config.jobs.chunk_interval_ms);
        let mut whole = Whole::of(&self.members);
        while let Some(mut part) = whole.begin() {
            while whole.fill(&mut part, &self.members) {
                stand_aside();
            }
            let count = part.users.len();
            let presences = self.presences(&part).await?;
            let body = part.encode(&self.request, presences.as_deref());
            self.compress(&body);
            self.send(body).await?;
            turn.step(count).await?;
            tokio::time::sleep(pace).await;
        }
        Ok(())
    }

    /// Asks the guild who of a chunk is online, where that is wanted.
    async fn presences(&self, part: &Part) -> Result<Option<Box<RawValue>>, Stop> {
        if !self.rights.shows_presences(&self.request) {
            return Ok(None);
        }
        let (answer, presences) = oneshot::channel();
        let request = Request::Presences(part.users.clone(), answer);
        self.shared.directory.send(self.request.guild_id, request).await;
        presences.await.map(Some).map_err(|_| Stop::Gone)
    }

    /// Makes here what the worker would have to make while others wait for it.
    fn compress(&self, body: &Body) {
        for segment in body.segments() {
            segment.form(self.wire);
            stand_aside();
        }
    }

    async fn send(&self, mut body: Body) -> Ended {
        let (session, guild) = (self.session, self.request.guild_id);
        let stall = Duration::from_secs(self.shared.config.jobs.stall_secs);
        let until = clock::now().after(stall);
        loop {
            let (answer, answered) = oneshot::channel();
            let message = WorkerMessage::Chunk { session, guild, body, answer };
            self.shared.send(session.worker.into(), message).await;
            match answered.await {
                Ok(Chunk::Taken) => return Ok(()),
                Ok(Chunk::Later(again)) if clock::now() < until => {
                    body = again;
                    tokio::time::sleep(PATIENCE).await;
                }
                _ => return Err(Stop::Gone),
            }
        }
    }
}
