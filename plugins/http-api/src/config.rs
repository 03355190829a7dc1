//! Settings of the HTTP API and of the admin API.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Settings of both APIs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Bytes that a JSON body may have. Default 262,144 (256 KiB).
    pub json_bytes_max: usize,
    /// Bytes that a multipart body, or the body of an admin request, may have. Default 8,388,608
    /// (8 MiB).
    pub body_bytes_max: usize,
    /// Seconds that a request may take, its body included. Default 30.
    ///
    /// An import of members has no limit as a whole; its body may not pause for longer than this.
    pub request_timeout_seconds: u64,
    /// Seconds in which a client must send the head of its next request, on either listener; then
    /// the connection is closed. Default 30.
    pub head_timeout_seconds: u64,
    /// Seconds in which a client must read 64 KiB of its answer, or what is left of it. Default 30.
    pub write_timeout_seconds: u64,
    /// Bytes of answers that all clients of a listener together may leave unread. Default
    /// 67,108,864 (64 MiB). Above it, large answers to GET become 503.
    pub answer_bytes_max: usize,
    /// Milliseconds; a request that takes longer until its answer begins is a line in the log. 0 is
    /// never. Default 2,000.
    pub slow_request_millis: u64,
    /// Milliseconds that whoever is not known (401) or asks too often (429) waits for that answer,
    /// so that asking again at once costs who asks, and not everybody else. Default 100; 0 for
    /// none.
    pub refusal_pause_millis: u64,
    /// How often one user may ask.
    pub rate_limits: RateLimits,
    /// Names by which the admin API may be asked, besides `localhost` and the addresses where it
    /// listens, such as `["throng-admin.internal"]`. Others are refused, so that no page in a
    /// browser asks by a name of its own (DNS rebinding). Default none.
    pub admin_hosts: Vec<String>,
    /// How members are imported.
    pub import: Import,
}

impl Config {
    /// Returns how long a request takes that is told of; zero is any time.
    #[must_use]
    pub const fn slow_request(&self) -> Duration {
        Duration::from_millis(self.slow_request_millis)
    }

    /// Returns how long a request may take.
    #[must_use]
    pub const fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }

    /// Returns how long some refusals wait.
    #[must_use]
    pub const fn refusal_pause(&self) -> Duration {
        Duration::from_millis(self.refusal_pause_millis)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            json_bytes_max: 256 * 1024,
            body_bytes_max: 8 * 1024 * 1024,
            request_timeout_seconds: 30,
            head_timeout_seconds: 30,
            write_timeout_seconds: 30,
            answer_bytes_max: 64 * 1024 * 1024,
            slow_request_millis: 2_000,
            refusal_pause_millis: 100,
            rate_limits: RateLimits::default(),
            admin_hosts: Vec::new(),
            import: Import::default(),
        }
    }
}

/// How often one user may ask for the same route with the same guild or channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimits {
    /// For posting messages. Default 5,000 in 5 seconds, which a test suite never meets.
    pub messages: RateLimit,
    /// For every other route. Default 5,000 in 5 seconds.
    pub others: RateLimit,
    /// Requests of one user in one second over all routes; 0, the default, is any number.
    pub global_per_second: u32,
    /// Windows that are remembered at the same time. Default 65,536, about 6 MB.
    ///
    /// Past it, a window that has ended or else any other is forgotten, so that memory stays
    /// bounded.
    pub windows_max: usize,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            messages: RateLimit::default(),
            others: RateLimit::default(),
            global_per_second: 0,
            windows_max: 65_536,
        }
    }
}

/// One limit: so many requests in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimit {
    /// Requests in one window. Default 5,000.
    pub requests: u32,
    /// Milliseconds from the first request of a window to its end. Default 5,000.
    pub window_millis: u64,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { requests: 5_000, window_millis: 5_000 }
    }
}

/// How members are imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Import {
    /// Members in one commit. Default 500.
    pub batch_members_max: usize,
    /// Bytes that one line may have. Default 16,384.
    pub line_bytes_max: usize,
    /// Broken lines that an answer describes; further ones are only counted. Default 100.
    pub errors_max: usize,
    /// Bytes that the lines of an import may have together when a broken one has nobody imported
    /// (`on_error=refuse`): they wait in memory until all were looked at. Default 67,108,864 (64
    /// MiB).
    pub whole_bytes_max: usize,
}

impl Default for Import {
    fn default() -> Self {
        Self {
            batch_members_max: 500,
            line_bytes_max: 16 * 1024,
            errors_max: 100,
            whole_bytes_max: 64 << 20,
        }
    }
}
