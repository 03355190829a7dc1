//! The seam to requests that clients make over their link instead of HTTP.

use std::fmt;

use throng_proto::gateway::{ApiRequest, ApiResponse};
use throng_proto::model::User;

use crate::link::BoxFuture;

/// Answers requests of the HTTP API that came over a link, with the same rules and limits.
pub trait Api: Send + Sync + 'static {
    /// Answers a request of a user whom its session has identified.
    ///
    /// The turn is passed on as soon as the request has its place in the queue of what it changes,
    /// or is over: then the next request of the link begins.
    fn call(
        &self,
        caller: User,
        request: ApiRequest,
        turn: Turn,
    ) -> BoxFuture<'static, ApiResponse>;
}

/// A request's turn among those of its link that change something. Dropping it passes it on.
#[derive(Default)]
pub struct Turn(Option<Box<dyn Send>>);

impl Turn {
    /// Makes a turn that is passed on by dropping something.
    #[must_use]
    pub fn new(held: impl Send + 'static) -> Self {
        Self(Some(Box::new(held)))
    }

    /// Passes it on.
    pub fn pass(&mut self) {
        self.0 = None;
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Turn").field(&self.0.is_some()).finish()
    }
}
