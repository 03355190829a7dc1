//! Settings of the shell. Every number has a unit, a default and a reason.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use throng_engine::deck;
use throng_engine::{conversation, pressure, replay};

use crate::budgets::BudgetsConfig;

/// Settings of the shell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Worker threads; 0 takes one per core.
    pub workers: usize,
    /// Days for which messages are kept; 0 keeps them for ever.
    pub messages_days: u32,
    /// The protocol.
    pub gateway: GatewayConfig,
    /// Relays.
    pub relay: RelayConfig,
    /// Passive attachments.
    pub passive: PassiveConfig,
    /// Presences.
    pub presence: PresenceConfig,
    /// Member lists.
    pub lists: ListsConfig,
    /// What happens when there is too much to do.
    pub overload: OverloadConfig,
    /// What is kept for sessions that resume.
    pub replay: ReplayConfig,
    /// Walks over all members of a guild.
    pub jobs: JobsConfig,
    /// Bounds.
    pub limits: LimitsConfig,
    /// What one user may cause.
    pub budgets: BudgetsConfig,
}

/// The protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// Milliseconds between heartbeats, as HELLO says. Discord: 41250.
    pub heartbeat_interval_ms: u64,
    /// Milliseconds after a heartbeat until the link is closed with 4009; 1.5 intervals by
    /// default.
    pub heartbeat_timeout_ms: u64,
    /// Seconds after HELLO until a link without IDENTIFY or RESUME is closed with 4009.
    pub identify_timeout_secs: u64,
    /// Seconds that a session waits for RESUME after its link is gone. It then gets everything that
    /// it missed, as long as its worker has room for that: see `replay.events_max`,
    /// `replay.bytes_max` and `throng_resume_window_seconds`.
    pub resume_window_secs: u64,
    /// IDENTIFYs of one user in 5 seconds; more get op 9. Discord: 1 per bucket.
    pub identifies_per_5s: u32,
    /// What `/gateway/bot` tells as `max_concurrency`.
    pub max_concurrency: u32,
    /// IDENTIFYs of one user per day, as `/gateway/bot` tells. Discord: 1000.
    pub identifies_per_day: u32,
    /// Intents that no session gets, as a bit set: naming one is refused with 4014.
    pub intents_disallowed: u32,
    /// Requests for all members of one guild that one user may make in 30 seconds, with
    /// all its sessions. Discord: 1.
    pub member_lists_per_30s: u32,
    /// Members of a guild above which GUILD_CREATE carries only the session's own member. Discord:
    /// 75000.
    pub guild_create_members_max: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            heartbeat_interval_ms: 41_250,
            heartbeat_timeout_ms: 61_875,
            identify_timeout_secs: 30,
            resume_window_secs: 300,
            identifies_per_5s: 50_000,
            max_concurrency: 16,
            identifies_per_day: 100_000,
            intents_disallowed: 0,
            member_lists_per_30s: 20,
            guild_create_members_max: 75_000,
        }
    }
}

/// Relays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RelayConfig {
    /// Attachments of one relay.
    pub capacity: usize,
    /// Relays of one guild on one worker, each of which costs a look per event; with more
    /// attachments than they take, they are fuller.
    pub count_max: usize,
    /// Attachments that move to other relays before a worker does something else: 64 take about
    /// 0.1 ms.
    pub move_slice: usize,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self { capacity: 15_000, count_max: 1_024, move_slice: 64 }
    }
}

/// Passive attachments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PassiveConfig {
    /// Milliseconds between digests.
    pub digest_interval_ms: u64,
}

impl Default for PassiveConfig {
    fn default() -> Self {
        Self { digest_interval_ms: 30_000 }
    }
}

/// Presences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PresenceConfig {
    /// Milliseconds in which changes of a member's presence, and of member lists, are gathered
    /// before others are told: only the last one counts. 0 tells at once.
    pub window_ms: u64,
    /// Activities that one session shows; the rest is left out.
    pub activities_max: usize,
    /// Bytes of JSON that the activities of one session take; what does not fit is left out. A
    /// GUILD_CREATE holds up to this much for everybody who is online in it.
    pub bytes_max: usize,
}

impl Default for PresenceConfig {
    fn default() -> Self {
        // The window is shorter than anybody notices, longer than a client needs to begin anew; the
        // bytes hold one activity that uses all it may, in ASCII.
        Self { window_ms: 200, activities_max: 8, bytes_max: 4_096 }
    }
}

/// Member lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListsConfig {
    /// Members of a guild above which its lists leave out who is offline. Discord: about 1000.
    pub offline_members_max: usize,
    /// Blocks of 100 rows that one session may watch in one channel. Discord's clients: 3.
    pub ranges_per_channel: usize,
    /// Channels of one guild whose lists one session may watch.
    pub list_channels: usize,
}

impl Default for ListsConfig {
    fn default() -> Self {
        Self { offline_members_max: 1_000, ranges_per_channel: 3, list_channels: 5 }
    }
}

/// What happens when there is too much to do. Every 250 ms the node takes the fullest queue and the
/// latest loop as its pressure; the policy's `overload` hook is asked when its band changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OverloadConfig {
    /// Percent of pressure from which on the node is busy.
    pub busy: u8,
    /// Percent from which on it is hot: full member lists and imports are refused.
    pub hot: u8,
    /// Percent from which on it is critical: new sessions are refused, too.
    pub critical: u8,
    /// Percent below its beginning at which a band is left.
    pub margin: u8,
    /// Looks in a row that it takes to come into a higher band.
    pub looks_up: u32,
    /// Looks in a row that it takes to come into a lower band.
    pub looks_down: u32,
    /// Milliseconds that a loop is late which count as a pressure of 100.
    pub loop_lag_ms: u64,
    /// How many times longer it is between digests while they are slower.
    pub digest_slowdown: u32,
    /// Attachments from which on a guild gets digests instead of streams.
    pub degrade_attachments_min: usize,
    /// Seconds after which to come back, as refusals say.
    pub retry_after_secs: u64,
}

impl Default for OverloadConfig {
    fn default() -> Self {
        let usual = pressure::Thresholds::default();
        let [busy, hot, critical] = usual.begins;
        Self {
            busy,
            hot,
            critical,
            margin: usual.margin,
            looks_up: usual.readings_up,
            looks_down: usual.readings_down,
            loop_lag_ms: 2_000,
            digest_slowdown: 4,
            degrade_attachments_min: 1_000,
            retry_after_secs: 10,
        }
    }
}

impl OverloadConfig {
    pub(crate) const fn thresholds(&self) -> pressure::Thresholds {
        pressure::Thresholds {
            begins: [self.busy, self.hot, self.critical],
            margin: self.margin,
            readings_up: self.looks_up,
            readings_down: self.looks_down,
        }
    }

    const fn is_in_order(&self) -> bool {
        self.margin < self.busy
            && self.busy < self.hot
            && self.hot < self.critical
            && self.critical <= 100
    }
}

/// What each worker keeps for sessions that resume or lag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayConfig {
    /// Events of one worker that many sessions got. When there are more within
    /// `gateway.resume_window_secs`, the oldest go, and sessions that miss them begin anew.
    pub events_max: usize,
    /// Bytes of JSON of one worker, with the same end. What is sent to one session alone can never
    /// push out more than `replay.own_percent` of them.
    pub bytes_max: usize,
    /// Percent of those bytes for what single sessions got (READY, GUILD_CREATE, chunks, first rows
    /// of lists). When all are full, the session that has the most of it loses its oldest, and
    /// begins anew if it misses that.
    pub own_percent: u8,
    /// Bytes of one journal segment before the next one begins.
    pub segment_bytes: u64,
}

impl Default for ReplayConfig {
    fn default() -> Self {
        Self { events_max: 200_000, bytes_max: 256 << 20, own_percent: 25, segment_bytes: 64 << 20 }
    }
}

/// Walks over all members of a guild: whole lists of members, exports, and what follows from the
/// deletion of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobsConfig {
    /// Threads that walk, which the system runs last; 0 takes one for every four cores.
    pub threads: usize,
    /// How much lower than others these threads stand with the system, 0 to 19; with 15 they get
    /// about a thirtieth of a core that others keep busy.
    pub niceness: u8,
    /// Jobs that run at the same time; more wait for their turn.
    pub running_max: usize,
    /// Jobs that wait; more are refused.
    pub queue_max: usize,
    /// Milliseconds between two chunks of 1,000 members to one session.
    pub chunk_interval_ms: u64,
    /// Seconds that a list waits for a session that does not read, or has no link, before it is
    /// given up.
    pub stall_secs: u64,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self {
            threads: 0,
            niceness: 15,
            running_max: 32,
            queue_max: 256,
            chunk_interval_ms: 5,
            stall_secs: 60,
        }
    }
}

impl JobsConfig {
    /// Returns how many threads to run.
    #[must_use]
    pub fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from).div_ceil(4),
            count => count,
        }
    }
}

/// Bounds. Reaching one is counted in `throng_refusals_total` under its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Connections at the same time: links, HTTP and handshakes; 0 takes what the file limit
    /// allows. Above it those that do nothing give way, and else it is HTTP 503.
    pub connections_max: usize,
    /// Of them, those that speak HTTP; 0 takes a quarter. Above it an idle one gives way (first of
    /// those that have shown no token, then of who has the most), and
    /// else it is HTTP 503.
    pub http_connections_max: usize,
    /// Connections of one address; 0 takes any number. Loopback has no bound.
    pub connections_per_address: usize,
    /// Connections that a listener accepts in a second, those of 10 seconds at once; more wait in
    /// the system's backlog. 0 takes 1,000 for each core.
    pub connections_per_sec: u32,
    /// Payloads of one link per window; more close it with 4008. Discord: 120.
    pub payloads_max: u32,
    /// Seconds of that window.
    pub payloads_window_secs: u64,
    /// IDENTIFYs that are answered at the same time; others wait in order, so that the store is not
    /// asked for more than it takes.
    pub identifies_under_way: usize,
    /// Sessions of one user; more are closed with 4015. Discord: 50 for users.
    pub sessions_per_user: usize,
    /// Guilds that one user may come into, by invites, with its token or as their maker; another
    /// one is refused with code 30001. Operators add whom they like. Discord: 100.
    pub guilds_per_user: usize,
    /// As `limits.guilds_per_user`, for bots; raise it for bots that have shards.
    pub guilds_per_bot: usize,
    /// Guilds that one user may make in an hour; more are refused with 429.
    pub guilds_made_per_hour: u32,
    /// Guilds of one shard of a bot; more are closed with 4011. Users who are no bots have no
    /// shards, and may begin a session whatever they are in.
    pub guilds_per_shard: usize,
    /// Requests (op 100) of one link at the same time; more are answered with 429.
    pub requests_per_link: u16,
    /// Bytes of answers to requests (op 100) that wait for room on one link; while more wait,
    /// requests and large answers to GET become 503. One answer waits whatever its length.
    pub answer_bytes_per_link: usize,
    /// Bytes of answers that wait for room on all links of one worker; above it, large answers to
    /// GET become 503.
    pub answer_bytes_per_worker: usize,
    /// Seconds in which a link must read an answer that was begun; else it is closed with 4000.
    pub answer_secs: u64,
    /// Events that a link may be behind before the policy decides about it.
    pub lag_events_max: u32,
    /// Bytes that a link may be behind before the policy decides about it.
    pub lag_bytes_max: usize,
    /// Bytes of the JSON of one event; what would cause a longer one is refused with 413.
    pub event_bytes_max: usize,
    /// Requests that wait for one guild.
    pub guild_queue: usize,
    /// Changes of members that wait for the next owner of a guild; more, and the guild stays.
    pub handoff_queue: usize,
    /// Members that a guild hands to its next owner in one turn.
    pub handoff_page: usize,
    /// Events that wait for one worker.
    pub worker_queue: usize,
    /// Seconds until a drain ends by force.
    pub drain_secs: u64,
    /// Links that a drain closes per second.
    pub drain_links_per_sec: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections_max: 0,
            http_connections_max: 0,
            connections_per_address: 20_000,
            connections_per_sec: 0,
            payloads_max: 120,
            payloads_window_secs: 60,
            identifies_under_way: 256,
            sessions_per_user: 100_000,
            guilds_per_user: 200,
            guilds_per_bot: 2_500,
            guilds_made_per_hour: 50,
            guilds_per_shard: 2_500,
            requests_per_link: 32,
            answer_bytes_per_link: 4 << 20,
            answer_bytes_per_worker: 64 << 20,
            answer_secs: 60,
            lag_events_max: 5_000,
            lag_bytes_max: 8 << 20,
            event_bytes_max: 256 << 10,
            guild_queue: 8_192,
            handoff_queue: 65_536,
            handoff_page: 1_024,
            worker_queue: 8_192,
            drain_secs: 10,
            drain_links_per_sec: 5_000,
        }
    }
}

impl Config {
    /// Returns how many workers to run.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        }
    }

    pub(crate) const fn conversation(&self) -> conversation::Limits {
        conversation::Limits {
            heartbeat_interval: Duration::from_millis(self.gateway.heartbeat_interval_ms),
            heartbeat_timeout: Duration::from_millis(self.gateway.heartbeat_timeout_ms),
            identify_timeout: Duration::from_secs(self.gateway.identify_timeout_secs),
            payloads_max: self.limits.payloads_max,
            payloads_window: Duration::from_secs(self.limits.payloads_window_secs),
        }
    }

    pub(crate) const fn replay(&self) -> replay::Limits {
        replay::Limits {
            entries_max: self.replay.events_max,
            bytes_max: self.replay.bytes_max,
            own_bytes_max: self.replay.bytes_max / 100 * self.replay.own_percent as usize,
            age_max: Duration::from_secs(self.gateway.resume_window_secs),
        }
    }

    /// Returns what the deck of a worker is told.
    pub(crate) fn deck(&self, worker: usize) -> deck::Config {
        deck::Config {
            // There are at most 256.
            worker: u16::try_from(worker).unwrap_or(u16::MAX),
            workers: self.worker_count(),
            log: self.replay(),
            resume_window: self.resume_window(),
            lag_events_max: self.limits.lag_events_max,
            lag_bytes_max: self.limits.lag_bytes_max,
            ranges_max: self.lists.ranges_per_channel,
            lists_max: self.lists.list_channels,
            relays_max: self.relay.count_max,
            stride: deck::STRIDE_MAX,
            move_slice: self.relay.move_slice,
            degrade_attachments_min: self.overload.degrade_attachments_min,
        }
    }

    pub(crate) const fn resume_window(&self) -> Duration {
        Duration::from_secs(self.gateway.resume_window_secs)
    }

    /// Finds settings that cannot be, each with its key and what would be right.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let checks = [
            (self.workers > 256, "workers", "at most 256"),
            (self.messages_days > 36_500, "store.messages_days", "at most 36500"),
            (self.gateway.heartbeat_interval_ms == 0, "gateway.heartbeat_interval_ms", "above 0"),
            (
                self.gateway.heartbeat_timeout_ms <= self.gateway.heartbeat_interval_ms,
                "gateway.heartbeat_timeout_ms",
                "above gateway.heartbeat_interval_ms",
            ),
            (self.gateway.max_concurrency == 0, "gateway.max_concurrency", "at least 1"),
            (self.limits.identifies_under_way == 0, "limits.identifies_under_way", "at least 1"),
            (self.relay.capacity == 0, "relay.capacity", "at least 1"),
            (self.relay.count_max == 0, "relay.count_max", "at least 1"),
            (self.relay.move_slice == 0, "relay.move_slice", "at least 1"),
            (self.passive.digest_interval_ms == 0, "passive.digest_interval_ms", "above 0"),
            (self.presence.window_ms > 60_000, "presence.window_ms", "at most 60000"),
            (self.lists.ranges_per_channel == 0, "lists.ranges_per_channel", "at least 1"),
            (self.lists.ranges_per_channel > 100, "lists.ranges_per_channel", "at most 100"),
            (self.lists.list_channels == 0, "lists.list_channels", "at least 1"),
            (self.jobs.threads > 64, "jobs.threads", "at most 64"),
            (self.jobs.running_max == 0, "jobs.running_max", "at least 1"),
            (self.jobs.running_max > 100_000, "jobs.running_max", "at most 100000"),
            (!self.overload.is_in_order(), "overload", "margin < busy < hot < critical <= 100"),
            (self.overload.looks_up == 0, "overload.looks_up", "at least 1"),
            (self.overload.looks_down == 0, "overload.looks_down", "at least 1"),
            (self.overload.loop_lag_ms == 0, "overload.loop_lag_ms", "at least 1"),
            (self.overload.digest_slowdown == 0, "overload.digest_slowdown", "at least 1"),
            (self.replay.events_max == 0, "replay.events_max", "at least 1"),
            (self.replay.own_percent > 90, "replay.own_percent", "at most 90"),
            (self.budgets.users_max < 1_024, "budgets.users_max", "at least 1024"),
            (self.budgets.has_no_window(), "budgets", "every window_secs at least 1"),
            (self.limits.payloads_max == 0, "limits.payloads_max", "at least 1"),
            (self.limits.payloads_window_secs == 0, "limits.payloads_window_secs", "at least 1"),
            (self.limits.lag_events_max == 0, "limits.lag_events_max", "at least 1"),
            (self.limits.answer_secs == 0, "limits.answer_secs", "at least 1"),
            (self.limits.event_bytes_max < 4_096, "limits.event_bytes_max", "at least 4096"),
            (self.limits.guild_queue == 0, "limits.guild_queue", "at least 1"),
            (self.limits.handoff_queue == 0, "limits.handoff_queue", "at least 1"),
            (self.limits.handoff_page == 0, "limits.handoff_page", "at least 1"),
            (self.limits.worker_queue == 0, "limits.worker_queue", "at least 1"),
            (self.limits.drain_links_per_sec == 0, "limits.drain_links_per_sec", "at least 1"),
        ];
        checks
            .into_iter()
            .filter(|(wrong, ..)| *wrong)
            .map(|(_, key, right)| (key, right))
            .collect()
    }
}
