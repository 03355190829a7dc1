//! Bounds of a deck.

use std::time::Duration;

use crate::replay::Limits;

/// Bounds of a deck, and which one of how many it is.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which of the node's workers it belongs to, from 0.
    pub worker: u16,
    /// How many workers the node has.
    pub workers: usize,
    /// Bounds of the log.
    pub log: Limits,
    /// How long a session waits for its client.
    pub resume_window: Duration,
    /// Dispatches that a link may be behind before the policy is asked.
    pub lag_events_max: u32,
    /// Bytes of them. At twice as many the link is closed, whatever the policy says.
    pub lag_bytes_max: usize,
    /// Ranges that a session may watch of one channel's list.
    pub ranges_max: usize,
    /// Lists that a session may watch in one guild.
    pub lists_max: usize,
    /// Relays of one guild.
    pub relays_max: usize,
    /// Sessions that a pass visits in one call, at most [`STRIDE_MAX`](super::STRIDE_MAX).
    pub stride: usize,
    /// Attachments that move before others have their turn.
    pub move_slice: usize,
    /// Attachments from which on a guild gives digests to everybody under pressure.
    pub degrade_attachments_min: usize,
}
