//! Counts requests in fixed windows, in bounded memory.
//!
//! Fixed windows, because their remaining count and their end are exactly what the headers tell
//! clients.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use throng_proto::id::UserId;
use tokio::time::Instant;

use crate::config::RateLimit;

/// Shards of the table: enough that two threads seldom meet.
const SHARDS: usize = 16;

/// Headers of every authenticated answer, in the order of [`Quota::write`].
pub(crate) const HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("x-ratelimit-reset-after"),
    HeaderName::from_static("x-ratelimit-bucket"),
];

/// What is counted together: a route, a user, and the guild or channel in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Hash of method and route; what clients see as the bucket.
    pub(crate) route: u64,
    /// Who asks.
    pub(crate) user: UserId,
    /// Guild or channel, 0 without.
    pub(crate) place: u64,
}

/// Where a user stands in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    route: u64,
    limit: u32,
    remaining: u32,
    reset_after: Duration,
}

/// One request too many; the quota says when the window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded(pub(crate) Quota);

/// Counts the requests of all users.
#[derive(Debug)]
pub(crate) struct Limiter {
    shards: [Mutex<HashMap<Key, Window>>; SHARDS],
    hasher: RandomState,
    windows_max: usize,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    end: Instant,
    used: u32,
}

impl Limiter {
    /// Makes a limiter that remembers at most about `windows_max` windows.
    pub(crate) fn new(windows_max: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            windows_max: windows_max.div_ceil(SHARDS).max(1),
        }
    }

    /// Counts one request.
    ///
    /// # Errors
    ///
    /// The window is used up; the request is not counted.
    pub(crate) fn take(&self, key: Key, limit: RateLimit) -> Result<Quota, Exceeded> {
        let now = Instant::now();
        let shard = self.hasher.hash_one(key) % SHARDS as u64;
        let mut windows = self.shards[shard as usize].lock();
        if windows.len() >= self.windows_max && !windows.contains_key(&key) {
            forget(&mut windows, now, self.windows_max);
        }
        let fresh = Window { end: now + Duration::from_millis(limit.window_millis), used: 0 };
        let window = windows.entry(key).or_insert(fresh);
        if window.end <= now {
            *window = fresh;
        }
        let exceeded = window.used >= limit.requests;
        window.used += u32::from(!exceeded);
        let quota = Quota {
            route: key.route,
            limit: limit.requests,
            remaining: limit.requests - window.used.min(limit.requests),
            reset_after: window.end - now,
        };
        if exceeded { Err(Exceeded(quota)) } else { Ok(quota) }
    }
}

/// Makes room for one window: drops those that ended, or else any one.
fn forget(windows: &mut HashMap<Key, Window>, now: Instant, windows_max: usize) {
    windows.retain(|_, window| window.end > now);
    if windows.len() >= windows_max
        && let Some(key) = windows.keys().next().copied()
    {
        windows.remove(&key);
    }
}

impl Quota {
    /// Returns how long the window still lasts.
    pub(crate) const fn reset_after(&self) -> Duration {
        self.reset_after
    }

    /// Writes the rate limit headers.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let values = [
            self.limit.to_string(),
            self.remaining.to_string(),
            format!("{:.3}", (now + self.reset_after).as_secs_f64()),
            format!("{:.3}", self.reset_after.as_secs_f64()),
            format!("{:016x}", self.route),
        ];
        for (name, value) in HEADERS.into_iter().zip(values) {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { requests: 2, window_millis: 1_000 };

    fn key(user: u64) -> Key {
        Key { route: 7, user: UserId::new(user), place: 1 }
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_refuses_when_used_up_and_opens_again() {
        let limiter = Limiter::new(100);
        assert_eq!(limiter.take(key(1), LIMIT).map(|quota| quota.remaining), Ok(1));
        tokio::time::advance(Duration::from_millis(400)).await;
        assert_eq!(limiter.take(key(1), LIMIT).map(|quota| quota.remaining), Ok(0));
        let Err(Exceeded(quota)) = limiter.take(key(1), LIMIT) else { panic!("let through") };
        assert_eq!(quota.reset_after, Duration::from_millis(600));
        assert!(limiter.take(key(2), LIMIT).is_ok());
        tokio::time::advance(Duration::from_millis(600)).await;
        assert_eq!(limiter.take(key(1), LIMIT).map(|quota| quota.remaining), Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_stays_bounded_by_forgetting() {
        let limiter = Limiter::new(SHARDS * 2);
        for user in 0..10_000 {
            assert!(limiter.take(key(user), LIMIT).is_ok());
        }
        let kept: usize = limiter.shards.iter().map(|shard| shard.lock().len()).sum();
        assert!(kept <= SHARDS * 2, "{kept}");
    }
}
