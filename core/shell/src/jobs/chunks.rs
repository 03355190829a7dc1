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
use crate::config::Config;
use crate::letter::{GuildLetter, WorkerLetter};
use crate::post::Post;

/// How long a session that has not taken the last chunk is left alone.
const PATIENCE: Duration = Duration::from_millis(20);

/// The whole list for one session.
pub(crate) struct Chunks {
    pub(crate) settings: Arc<Config>,
    pub(crate) post: Post,
    pub(crate) members: Snapshot,
    pub(crate) to: Recipient,
}

/// Who asked for the list, and what for.
pub(crate) struct Recipient {
    pub(crate) session: SessionRef,
    pub(crate) request: Box<RequestMembers>,
    pub(crate) rights: Rights,
    /// How payloads travel to the session, as long as it keeps its link.
    pub(crate) wire: Wire,
}

impl Chunks {
    /// Sends chunk after chunk.
    pub(crate) async fn run(self, turn: Turn) -> Ended {
        let pace = Duration::from_millis(self.settings.jobs.chunk_interval_ms);
        let mut whole = Whole::of(&self.members);
        while let Some(mut part) = whole.begin() {
            while whole.fill(&mut part, &self.members) {
                stand_aside();
            }
            let count = part.users.len();
            let presences = self.presences(&part).await?;
            let body = part.encode(&self.to.request, presences.as_deref());
            self.compress(&body);
            self.send(body).await?;
            turn.step(count).await?;
            tokio::time::sleep(pace).await;
        }
        Ok(())
    }

    /// Asks the guild who of a chunk is online, where that is wanted.
    async fn presences(&self, part: &Part) -> Result<Option<Box<RawValue>>, Stop> {
        if !self.to.rights.shows_presences(&self.to.request) {
            return Ok(None);
        }
        let (answer, presences) = oneshot::channel();
        let request = GuildLetter::Presences(part.users.clone(), answer);
        self.post.directory.send(self.to.request.guild_id, request).await;
        presences.await.map(Some).map_err(|_| Stop::Gone)
    }

    /// Makes here what the worker would have to make while others wait for it.
    fn compress(&self, body: &Body) {
        for segment in body.segments() {
            segment.form(self.to.wire);
            stand_aside();
        }
    }

    async fn send(&self, mut body: Body) -> Ended {
        let (session, guild) = (self.to.session, self.to.request.guild_id);
        let stall = Duration::from_secs(self.settings.jobs.stall_secs);
        let until = clock::now().after(stall);
        loop {
            let (answer, answered) = oneshot::channel();
            let message = WorkerLetter::Chunk { session, guild, body, answer };
            self.post.send(session.worker.into(), message).await;
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
