//! The seam to requests that clients make over their link instead of HTTP.

use std::time::Duration;

use throng_proto::gateway::{ApiRequest, ApiResponse};
use throng_proto::model::User;

use crate::link::BoxFuture;

/// Answers requests of the HTTP API that came over a link, with the same rules and limits.
pub trait Api: Send + Sync + 'static {
    /// Answers a request of a user whom its session has identified.
    fn call(&self, caller: User, request: ApiRequest) -> BoxFuture<'static, ApiResponse>;
}

/// How long a client should wait that has too many requests under way.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
