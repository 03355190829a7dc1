//! Nonces: a post that is repeated within minutes is answered with the first message.

use std::time::Duration;

use indexmap::IndexMap;
use throng_proto::command::Reply;
use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::model::Nonce;
use throng_proto::record::NonceRecord;
use throng_proto::time::Timestamp;

use super::Ticket;

/// How long a nonce is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(300);
/// Nonces of one guild at most; the oldest goes first. 10,000 × about 1 KB = 10 MB.
const REMEMBERED_MAX: usize = 10_000;

/// Whose nonce, and which.
pub(super) type NonceKey = (UserId, Nonce);

/// What became of a post.
#[derive(Clone, Debug)]
pub(super) enum Posted {
    /// The store has not answered yet.
    Pending(Ticket),
    /// It was answered with this.
    Done(Reply),
    /// It was answered before a restart; the message is in the store.
    Before(ChannelId, MessageId),
}

/// Nonces of the last minutes.
#[derive(Debug, Default)]
pub(super) struct Nonces(IndexMap<NonceKey, (Timestamp, Posted)>);

impl Nonces {
    pub(super) fn load(records: Vec<NonceRecord>) -> Self {
        let known = records.into_iter().map(|record| {
            let posted = Posted::Before(record.channel, record.message);
            ((record.author, record.nonce), (record.message.created_at(), posted))
        });
        Self(known.collect())
    }

    pub(super) fn find(&self, key: &NonceKey, now: Timestamp) -> Option<Posted> {
        let (at, posted) = self.0.get(key)?;
        (now.since(*at) < REMEMBERED_FOR).then(|| posted.clone())
    }

    pub(super) fn note(&mut self, key: NonceKey, now: Timestamp, ticket: Ticket) {
        while self.0.len() >= REMEMBERED_MAX
            || self.0.first().is_some_and(|(_, (at, _))| now.since(*at) >= REMEMBERED_FOR)
        {
            self.0.shift_remove_index(0);
        }
        self.0.insert(key, (now, Posted::Pending(ticket)));
    }

    pub(super) fn settle(&mut self, key: &NonceKey, reply: Reply) {
        if let Some((_, posted)) = self.0.get_mut(key) {
            *posted = Posted::Done(reply);
        }
    }

    pub(super) fn forget(&mut self, key: &NonceKey) {
        self.0.shift_remove(key);
    }
}
