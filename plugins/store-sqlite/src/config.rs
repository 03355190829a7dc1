//! Settings of the store.

use serde::{Deserialize, Serialize};

/// Settings of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Bytes of pages that each connection caches; there are `readers` + 1. Default 16 MiB.
    pub cache_bytes: u64,
    /// Commits, and as many reads, that wait before further ones are refused as overload; at least
    /// 1. Default 4096.
    pub queue_max: usize,
    /// Threads that read, each with its own connection; at least 1. Default 2.
    pub readers: usize,
    /// Pages of 4 KiB that the database may grow to, past which it counts as full; 0 is no limit.
    /// Default 0.
    pub pages_max: u32,
    /// Bytes up to which the whole database is checked for damage at start; above, only its
    /// header, schema and tables' roots. Default 256 MiB, about a second.
    pub quick_check_bytes_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cache_bytes: 16 << 20,
            queue_max: 4096,
            readers: 2,
            pages_max: 0,
            quick_check_bytes_max: 256 << 20,
        }
    }
}
