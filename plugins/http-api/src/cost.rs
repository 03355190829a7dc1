//! What a request costs: the bytes that it writes or reads, counted against the user's budget.

use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::response::Response;
use http::Method;
use throng_ports::hub::Toll;
use throng_proto::id::UserId;

use crate::api::Api;

/// Bytes that a request costs beside its own: what a change takes of the store and of those who
/// hear of it, and what a look takes, in bytes that cost about as much.
const BASE_WRITTEN: u64 = 2 * 1024;
const BASE_READ: u64 = 512;
/// Bytes of a body that count at most: what others are sent of it is no longer, but for files, of
/// which they are sent nothing but the name.
const BODY_MAX: u64 = 64 * 1024;

/// A request under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    user: UserId,
    toll: Toll,
    /// What was counted when it began.
    counted: u64,
}

impl Cost {
    /// Counts what is known of a request before it is done.
    ///
    /// # Errors
    ///
    /// The time after which to come back, when the user has used up its budget.
    pub(crate) fn begin(api: &Api, user: UserId, request: &Request) -> Result<Self, Duration> {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let toll = if reads { Toll::Read } else { Toll::Written };
        api.hub.afford(user, toll)?;
        let body = request.body().size_hint().upper().unwrap_or(BODY_MAX).min(BODY_MAX);
        let base = if reads { BASE_READ } else { BASE_WRITTEN };
        let counted = base + body;
        api.hub.charge(user, toll, counted);
        Ok(Self { user, toll, counted })
    }

    /// Counts the answer, as far as it is longer than what was counted.
    pub(crate) fn finish(self, api: &Api, answer: Response) -> Response {
        let bytes = answer.body().size_hint().exact().unwrap_or_default();
        api.hub.charge(self.user, self.toll, bytes.saturating_sub(self.counted));
        answer
    }
}
