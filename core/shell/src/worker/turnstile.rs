//! The order of a link's requests: each that changes something begins when the one before it has
//! its place in the queue of a guild, or is over.
//!
//! Nobody waits for a commit, and reads wait for nobody.

use std::cell::Cell;

use throng_ports::api::Turn;
use throng_proto::gateway::ApiRequest;
use tokio::sync::oneshot;

/// Gives out places in the order. One pointer, because every link has one and most never use it.
#[derive(Default)]
pub(super) struct Turnstile {
    /// Fails when the last request that has a place passes its turn on.
    last: Cell<Option<Box<oneshot::Receiver<()>>>>,
}

/// A request's place in the order.
#[derive(Debug, Default)]
pub(super) struct Queued {
    before: Option<oneshot::Receiver<()>>,
    held: Option<oneshot::Sender<()>>,
}

impl Turnstile {
    /// Takes the next place, if the request can change something.
    pub(super) fn enter(&self, request: &ApiRequest) -> Queued {
        if matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            return Queued::default();
        }
        let (held, passed) = oneshot::channel();
        let before = self.last.replace(Some(Box::new(passed))).map(|before| *before);
        Queued { before, held: Some(held) }
    }
}

impl Queued {
    /// Waits for the turn. Let nobody drop a place before: whoever is behind would go first.
    pub(super) async fn come(self) -> Turn {
        if let Some(before) = self.before {
            // Passed on is dropped.
            _ = before.await;
        }
        self.held.map_or_else(Turn::default, Turn::new)
    }
}
