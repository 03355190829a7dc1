//! Writes all members as lines of JSON.

use bytes::Bytes;
use throng_engine::roster::{Entry, Snapshot};
use throng_proto::id::UserId;
use throng_proto::json;
use tokio::sync::mpsc;

use super::{Ended, Stop, Turn, stand_aside};

/// Members of one piece: 512 x about 450 bytes = 230 KB.
const PIECE: usize = 512;
/// Members written before others may have the core: 64 x about 1.5 us = 100 us.
const SLICE: usize = 64;

/// An export to somebody who reads.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) members: Snapshot,
    /// Where lines go, and at the end an empty piece, so that an end is told from a break.
    pub(crate) lines: mpsc::Sender<Bytes>,
}

impl Export {
    /// Writes as fast as somebody reads.
    pub(crate) async fn run(self, turn: Turn) -> Ended {
        let mut after = None;
        loop {
            let (lines, count, last) = self.piece(after);
            if count > 0 {
                self.send(lines).await?;
            }
            turn.step(count).await?;
            if count < PIECE {
                return self.send(Bytes::new()).await;
            }
            after = last;
        }
    }

    async fn send(&self, lines: Bytes) -> Ended {
        self.lines.send(lines).await.map_err(|_| Stop::Gone)
    }

    fn piece(&self, after: Option<UserId>) -> (Bytes, usize, Option<UserId>) {
        let entries = match after {
            Some(user) => self.members.after(user),
            None => self.members.iter(),
        };
        let (mut lines, mut count, mut last) = (Vec::with_capacity(PIECE * 512), 0, None);
        for entry in entries.take(PIECE) {
            write(&mut lines, &entry);
            (count, last) = (count + 1, Some(entry.user()));
            if count % SLICE == 0 {
                stand_aside();
            }
        }
        (lines.into(), count, last)
    }
}

fn write(lines: &mut Vec<u8>, entry: &Entry<'_>) {
    json::append(lines, &entry.member());
    lines.push(b'\n');
}
