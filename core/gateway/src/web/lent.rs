//! The body of a request, of which the rest is read when nobody wants it any more.
//!
//! A connection that is closed while bytes wait on it is reset, and a reset takes the answer along
//! that its peer has not read yet. So whoever is refused in the middle of an upload is heard out
//! for a while: it would not learn why otherwise.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;

/// Bytes that are read in vain: 8 MiB.
const REST_BYTES_MAX: u64 = 8 << 20;
/// How long they are waited for.
const REST_TIME: Duration = Duration::from_secs(5);

/// A request's body, lent to whoever answers.
pub(super) struct Lent {
    body: Option<Incoming>,
    /// The peer sends nothing before it is told to go on, which the first look does.
    waits: bool,
    long: Arc<AtomicBool>,
}

impl Lent {
    /// Lends a body; `waits` is what `Expect: 100-continue` says. The flag tells later whether so
    /// much of it is left that the connection should not be used again.
    pub(super) fn new(body: Incoming, waits: bool) -> (Self, Arc<AtomicBool>) {
        let long = Arc::new(AtomicBool::new(false));
        (Self { body: Some(body), waits, long: Arc::clone(&long) }, long)
    }
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        let long = body.size_hint().upper().is_none_or(|left| left > REST_BYTES_MAX);
        self.long.store(long || self.waits, Ordering::Release);
        // Who waits has sent nothing, and is not asked for it.
        if let Ok(runtime) = Handle::try_current()
            && !self.waits
        {
            runtime.spawn(tokio::time::timeout(REST_TIME, read_rest(body)));
        }
    }
}

/// Reads on and keeps nothing.
async fn read_rest(mut body: Incoming) {
    let mut left = REST_BYTES_MAX;
    while left > 0 {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let Some(Ok(frame)) = frame else { return };
        left = left.saturating_sub(frame.data_ref().map_or(1, |data| data.len() as u64));
    }
}
