//! Reads of messages on which a guild decides.

use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use throng_engine::guild::Input;
use throng_ports::link::BoxFuture;
use throng_proto::record::RowQuery;

use crate::archive::Archive;

/// Reads under way.
#[derive(Default)]
pub(super) struct Reads(FuturesUnordered<BoxFuture<'static, Input>>);

impl Reads {
    /// Begins a read that the machine asked for.
    pub(super) fn begin(&self, archive: &Archive, read: u64, queries: Vec<RowQuery>) {
        let (rows, archive) = (archive.store.rows(queries), archive.clone());
        self.0.push(Box::pin(async move {
            let rows = rows.await;
            archive.note_read(rows.as_ref().err());
            match rows {
                Ok(rows) => Input::Read(read, rows),
                Err(error) => Input::ReadFailed(read, error.to_string()),
            }
        }));
    }

    /// Looks for one that is done.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        match self.0.poll_next_unpin(cx) {
            Poll::Ready(Some(input)) => Poll::Ready(input),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
