//! Finds the members that had a role, to announce them if they are few.

use throng_engine::roster::Snapshot;
use throng_proto::id::{GuildId, RoleId, UserId};
use tokio::sync::oneshot;

use super::{Ended, Turn};
use crate::letter::GuildLetter;
use crate::post::Post;

/// Members looked at in one slice: 512 x about 0.2 us = 100 us.
const SLICE: usize = 512;

/// A search for holders of a role that was deleted.
pub(crate) struct Holders {
    pub(crate) post: Post,
    pub(crate) role: RoleId,
    pub(crate) members: Snapshot,
    /// Holders that are few; one more than these is enough to know that they are not.
    pub(crate) few: usize,
    /// Who wants to know.
    pub(crate) guild: GuildId,
}

impl Holders {
    /// Looks at everybody and tells the guild.
    pub(crate) async fn run(self, turn: Turn) -> Ended {
        let mut after = None;
        let mut found: Vec<UserId> = Vec::new();
        while found.len() <= self.few {
            let (seen, last) = self.slice(after, &mut found);
            turn.step(seen).await?;
            if seen < SLICE {
                break;
            }
            after = last;
        }
        if !found.is_empty() {
            // Nobody asked, so nobody waits for the answer.
            let (answer, _) = oneshot::channel();
            self.post.directory.send(self.guild, GuildLetter::Held(found, answer)).await;
        }
        Ok(())
    }

    fn slice(&self, after: Option<UserId>, found: &mut Vec<UserId>) -> (usize, Option<UserId>) {
        let entries = match after {
            Some(user) => self.members.after(user),
            None => self.members.iter(),
        };
        let (mut seen, mut last) = (0, None);
        for entry in entries.take(SLICE) {
            (seen, last) = (seen + 1, Some(entry.user()));
            if found.len() <= self.few && entry.roles().any(|role| role == self.role) {
                found.push(entry.user());
            }
        }
        (seen, last)
    }
}
