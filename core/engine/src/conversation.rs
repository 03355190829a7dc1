//! One link's side of the protocol: what may be said when, how often, and how soon.
//!
//! # Invariants
//!
//! - C1: nothing but heartbeats is accepted before IDENTIFY or RESUME, and no second IDENTIFY
//!   after.
//! - C2: every heartbeat is acknowledged.
//! - C3: a link that says nothing in time is closed, and so is one that says too much.

use std::time::Duration;

use throng_proto::close::CloseCode;
use throng_proto::gateway::{
    ApiRequest, Identify, Inbound, PresenceUpdate, RequestMembers, Resume, Subscriptions,
};

use crate::time::Instant;

/// Bounds of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What HELLO says.
    pub heartbeat_interval: Duration,
    /// How long after a heartbeat the next one must have come.
    pub heartbeat_timeout: Duration,
    /// How long after HELLO a session must begin.
    pub identify_timeout: Duration,
    /// Payloads per window.
    pub payloads_max: u32,
    /// Length of the window.
    pub payloads_window: Duration,
}

/// What one link said so far.
#[derive(Clone, Copy, Debug)]
pub struct Conversation {
    began: bool,
    deadline: Instant,
    /// Asked for a heartbeat since the last one.
    prompted: bool,
    window: Instant,
    count: u32,
}

/// What a payload asks for.
#[derive(Debug)]
pub enum Said {
    /// Begin a session.
    Identify(Box<Identify>),
    /// Go on with a session.
    Resume(Resume),
    /// Acknowledge, and take note of the last sequence received.
    Heartbeat(Option<u64>),
    /// Show another presence.
    Presence(PresenceUpdate),
    /// Send members.
    RequestMembers(RequestMembers),
    /// Change subscriptions.
    Subscribe(Subscriptions),
    /// Ask the HTTP API.
    Api(ApiRequest),
    /// Nothing.
    Nothing,
}

/// Why a link is closed: the code, and a text of at most 123 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// Code.
    pub code: CloseCode,
    /// Text.
    pub reason: String,
}

impl Close {
    /// Makes a close with the code's own text.
    #[must_use]
    pub fn plain(code: CloseCode) -> Self {
        Self { code, reason: code.reason().to_owned() }
    }

    /// Makes a close with more detail.
    #[must_use]
    pub fn because(code: CloseCode, detail: &str) -> Self {
        let mut reason = format!("{} {detail}", code.reason());
        while reason.len() > 123 {
            reason.pop();
        }
        Self { code, reason }
    }
}

impl Conversation {
    /// Begins at the moment of HELLO.
    #[must_use]
    pub fn new(now: Instant, limits: &Limits) -> Self {
        Self {
            began: false,
            deadline: now.after(limits.identify_timeout),
            prompted: false,
            window: now,
            count: 0,
        }
    }

    /// Reads one payload.
    ///
    /// # Errors
    ///
    /// What the peer did wrong, as a close.
    pub fn hear(&mut self, now: Instant, limits: &Limits, payload: &[u8]) -> Result<Said, Close> {
        let inbound = Inbound::decode(payload);
        // Requests have limits of their own, those of the HTTP API.
        if !matches!(inbound, Ok(Inbound::Api(_))) {
            self.count_payloads(now, limits, 1)?;
        }
        let inbound =
            inbound.map_err(|error| Close::because(error.close_code(), &error.to_string()))?;
        match (inbound, self.began) {
            (Inbound::Heartbeat(sequence), began) => {
                if began {
                    self.deadline = now.after(limits.heartbeat_timeout);
                    self.prompted = false;
                }
                Ok(Said::Heartbeat(sequence))
            }
            (Inbound::Identify(identify), false) => {
                self.begin(now, limits);
                Ok(Said::Identify(identify))
            }
            (Inbound::Resume(resume), false) => {
                self.begin(now, limits);
                Ok(Said::Resume(resume))
            }
            (Inbound::Identify(_) | Inbound::Resume(_), true) => {
                Err(Close::plain(CloseCode::AlreadyAuthenticated))
            }
            (_, false) => Err(Close::plain(CloseCode::NotAuthenticated)),
            (Inbound::Presence(presence), true) => Ok(Said::Presence(presence)),
            (Inbound::RequestMembers(request), true) => Ok(Said::RequestMembers(request)),
            (Inbound::Subscribe(subscriptions), true) => Ok(Said::Subscribe(subscriptions)),
            (Inbound::Api(request), true) => Ok(Said::Api(request)),
            (Inbound::Ignored(_), true) => Ok(Said::Nothing),
        }
    }

    /// Counts what is no payload and costs as much: pings, answers to them, parts of payloads.
    ///
    /// # Errors
    ///
    /// Too many, as a close.
    pub fn heed(&mut self, now: Instant, limits: &Limits, frames: u32) -> Result<(), Close> {
        self.count_payloads(now, limits, frames)
    }

    /// Goes back to before IDENTIFY: op 9 was answered, and some clients try again on the same
    /// link.
    pub fn start_over(&mut self, now: Instant, limits: &Limits) {
        self.began = false;
        self.deadline = now.after(limits.identify_timeout);
    }

    /// Says when to look at the link again: to ask for a heartbeat, or to close it.
    ///
    /// A heartbeat is asked for half-way between the moment it was due and the moment of the close.
    #[must_use]
    pub fn look_at(&self, limits: &Limits) -> Instant {
        let grace = limits.heartbeat_timeout.saturating_sub(limits.heartbeat_interval) / 2;
        if self.began && !self.prompted { self.deadline.before(grace) } else { self.deadline }
    }

    /// Tells whether to ask for a heartbeat now; `true` once for each that is missing.
    pub fn prompt(&mut self, now: Instant, limits: &Limits) -> bool {
        let due = self.began && !self.prompted && self.look_at(limits) <= now;
        self.prompted |= due;
        due
    }

    /// Returns when the link must be closed unless something is heard.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    fn begin(&mut self, now: Instant, limits: &Limits) {
        self.began = true;
        self.deadline = now.after(limits.heartbeat_timeout);
    }

    fn count_payloads(
        &mut self,
        now: Instant,
        limits: &Limits,
        payloads: u32,
    ) -> Result<(), Close> {
        if now.since(self.window) >= limits.payloads_window {
            self.window = now;
            self.count = 0;
        }
        self.count = self.count.saturating_add(payloads);
        if self.count > limits.payloads_max {
            return Err(Close::plain(CloseCode::RateLimited));
        }
        Ok(())
    }
}
