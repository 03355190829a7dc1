//! Limits of a guild, each with what happens at it.

use std::time::Duration;

use throng_proto::id::Ids;
use throng_proto::model::bound;

/// Settings of a guild's machine; the defaults are Discord's where Discord has the limit.
#[derive(Clone, Debug)]
pub struct Config {
    /// Makes ids. Guilds of one node share it, so that no two messages get the same id.
    pub ids: Ids,
    /// Roles, @everyone among them; more are refused with code 30005. Default 250.
    pub roles_max: usize,
    /// Channels; more are refused with code 30013. Default 500.
    pub channels_max: usize,
    /// Invites that can be used; more are refused with code 30016. Default 1000.
    pub invites_max: usize,
    /// Overwrites of one channel; more are a form error. Default 100.
    pub overwrites_max: usize,
    /// Characters of a message; more are a form error. Default 2000.
    pub content_max: usize,
    /// Embeds of a message; more are a form error. Default 10.
    pub embeds_max: usize,
    /// Components of a message; more are a form error. Default 40.
    pub components_max: usize,
    /// Bytes of the JSON of one event; what would cause a longer one is refused with code 40005.
    /// Default 262,144.
    pub event_bytes_max: usize,
    /// Different emojis on a message; more are refused with code 30010. Default 20.
    pub reactions_max: usize,
    /// Messages of one bulk deletion; more are a form error. Default 100.
    pub bulk_delete_max: usize,
    /// Age of the oldest message that a bulk deletion takes; older is a form error. Default 14
    /// days.
    pub bulk_delete_age_max: Duration,
    /// How far ahead a time-out ends at most; more is a form error. Default 28 days.
    pub time_out_max: Duration,
    /// How long a nonce is remembered. Default 5 minutes.
    pub nonce_window: Duration,
    /// Nonces remembered; at more the oldest are forgotten. 8192 x about 120 bytes = 1 MB. Default
    /// 8192.
    pub nonces_max: usize,
    /// Deleted messages that are remembered for whoever repeats their post; at more the oldest are
    /// forgotten, and a repeated post is a new one. 256 x at most about 16 KB = 4 MB. Default 256.
    pub removed_max: usize,
    /// Members remembered for slow mode; at more the oldest may post again. Default 16,384.
    pub paced_max: usize,
    /// Commands accepted or waiting; more are refused as unavailable. Default 1024.
    pub pending_max: usize,
    /// Commands that share one commit; more wait for the next. Default 256.
    pub batch_max: usize,
    /// Members whose change by one command is announced by an event each. Default 100.
    pub announce_max: usize,
    /// Changes of members that wait before they are folded into the roster, a few at a time. 4096 x
    /// about 200 bytes = 1 MB. Default 4096.
    pub unfolded_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ids: Ids::new(0),
            roles_max: bound::ROLES,
            channels_max: bound::CHANNELS,
            invites_max: 1_000,
            overwrites_max: bound::OVERWRITES,
            content_max: 2000,
            embeds_max: 10,
            components_max: 40,
            event_bytes_max: 256 << 10,
            reactions_max: 20,
            bulk_delete_max: 100,
            bulk_delete_age_max: days(14),
            time_out_max: days(28),
            nonce_window: Duration::from_secs(300),
            nonces_max: 8192,
            removed_max: 256,
            paced_max: 16_384,
            pending_max: 1024,
            batch_max: 256,
            announce_max: 100,
            unfolded_max: 4096,
        }
    }
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 3600)
}
