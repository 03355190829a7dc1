//! Overload: how near the node is to what it can do, and what it does without for a while.
//!
//! A look now and then takes the fullest of all queues and the latest of all loops as the pressure
//! of the node. When that has been in another band for some looks, the policy says what to shed;
//! workers see its verdict with their next event, and act on it with their next tick. What is
//! expensive is refused where it is asked for, with a time to come back, before it costs anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use throng_engine::policy::{NodeFacts, Policy, Relief, Shed};
use throng_engine::pressure::{Band, Gauge};
use throng_proto::refusal::Refusal;

use crate::clock;
use crate::config::OverloadConfig;
use crate::directory::Directory;
use crate::meter::Meter;
use crate::metrics::Refused;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Something that costs more than others, and waits when there is too much to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expense {
    /// All members of a guild (op 8).
    Members,
    /// Members that an operator adds or reads in bulk.
    Bulk,
    /// A new session.
    Identify,
}

impl Expense {
    /// Returns the band from which on it is refused.
    const fn refused_from(self) -> Band {
        match self {
            Self::Members | Self::Bulk => Band::Hot,
            // Sessions that resume are always taken: they cost less than a new one.
            Self::Identify => Band::Critical,
        }
    }

    const fn refused(self) -> Refused {
        match self {
            Self::Members => Refused::OverloadMembers,
            Self::Bulk => Refused::OverloadBulk,
            Self::Identify => Refused::OverloadIdentify,
        }
    }
}

/// What is decided for the whole node. Reading it takes no lock.
#[derive(Debug)]
pub(crate) struct Overload {
    policy: Arc<dyn Policy>,
    meter: Meter,
    directory: Arc<Directory>,
    gauge: Mutex<Gauge>,
    band: AtomicU8,
    shed: AtomicU8,
    /// Pressure that a drill assumes.
    drill: Mutex<Option<u8>>,
    retry_after: Duration,
    /// Lateness of a loop that counts as full pressure, in milliseconds.
    loop_lag_ms: u64,
}

impl Overload {
    pub(crate) fn new(
        config: &OverloadConfig,
        policy: Arc<dyn Policy>,
        meter: Meter,
        directory: Arc<Directory>,
    ) -> Self {
        Self {
            policy,
            meter,
            directory,
            gauge: Mutex::new(Gauge::new(config.thresholds())),
            band: AtomicU8::new(0),
            shed: AtomicU8::new(0),
            drill: Mutex::new(None),
            retry_after: Duration::from_secs(config.retry_after_secs),
            loop_lag_ms: config.loop_lag_ms,
        }
    }

    /// Returns what to do without.
    pub(crate) fn shed(&self) -> Shed {
        Shed::from_bits(self.shed.load(Ordering::Relaxed))
    }

    fn band(&self) -> Band {
        let band = usize::from(self.band.load(Ordering::Relaxed));
        Band::ALL.get(band).copied().unwrap_or_default()
    }

    /// Lets something expensive be done, or refuses and counts it.
    ///
    /// # Errors
    ///
    /// The time after which to come back.
    pub(crate) fn afford(&self, expense: Expense) -> Result<(), Duration> {
        if self.band() < expense.refused_from() {
            return Ok(());
        }
        self.meter.refuse(expense.refused());
        Err(self.retry_after)
    }

    /// As [`Self::afford`], for what an operator asks of all members.
    pub(crate) fn afford_bulk(&self) -> Result<(), Refusal> {
        self.afford(Expense::Bulk).map_err(|retry_after| {
            let reason = "There is too much to do for that now.".to_owned();
            Refusal::Unavailable { reason, retry_after }
        })
    }

    /// Assumes a pressure from now on, or no longer.
    pub(crate) fn drill(&self, pressure: Option<u8>) {
        let pressure = pressure.map(|pressure| pressure.min(100));
        *self.drill.lock() = pressure;
        let pressure = pressure.unwrap_or(0);
        self.meter.metrics.node_pressure.set(u64::from(pressure));
        let changed = self.gauge.lock().set(pressure);
        if let Some(band) = changed {
            self.enter(band, pressure, "a drill");
        }
    }

    /// Asks the policy again, because it is another one.
    pub(crate) fn decide(&self) {
        let band = self.band();
        let pressure = self.gauge.lock().begins(band);
        self.enter(band, pressure, "another policy");
    }

    /// Takes one reading.
    fn look(&self, control_lag: Duration) {
        let drill = (*self.drill.lock()).map(|pressure| (pressure, "a drill"));
        let (pressure, cause) = drill.unwrap_or_else(|| self.pressure(control_lag));
        self.meter.metrics.node_pressure.set(u64::from(pressure));
        let changed = self.gauge.lock().read(pressure);
        if let Some(band) = changed {
            self.enter(band, pressure, cause);
        }
    }

    /// Returns how full the fullest queue is, or how late the latest loop, and which it is.
    fn pressure(&self, control_lag: Duration) -> (u8, &'static str) {
        let workers = self.meter.metrics.workers.iter();
        let queues = workers.clone().map(|worker| worker.pressure.read()).max().unwrap_or(0);
        let lags = workers.map(|worker| worker.lag(clock::now()));
        let late = |lag: Duration| {
            let whole = u128::from(self.loop_lag_ms.max(1));
            u64::try_from(lag.as_millis().saturating_mul(100) / whole).unwrap_or(100)
        };
        let causes = [
            (late(control_lag), "requests and guilds are late"),
            (late(lags.max().unwrap_or_default()), "a worker is late"),
            (u64::from(self.directory.fullest()), "the queue of a guild is full"),
            (queues, "the queue of a worker is full"),
        ];
        let (most, cause) = causes.into_iter().max_by_key(|(most, _)| *most).unwrap_or_default();
        let cause = if most == 0 { "nothing waits" } else { cause };
        (u8::try_from(most).unwrap_or(100).min(100), cause)
    }

    fn enter(&self, band: Band, pressure: u8, cause: &str) {
        let begins = self.gauge.lock().begins(band);
        let facts = NodeFacts { pressure: pressure.max(begins), band };
        let shed = self.policy.overload(clock::wall(), &facts);
        let shed_before = self.shed.swap(shed.bits(), Ordering::Relaxed);
        let band_before = self.band.swap(band as u8, Ordering::Relaxed);
        self.meter.metrics.node_band.set(band as u64);
        // A policy that is asked again often says the same again.
        if (shed_before, band_before) != (shed.bits(), band as u8) {
            let (band, shed) = (band.name(), words(shed));
            tracing::warn!(band, pressure, cause, "the node's load changed; withheld: {shed}");
        }
    }
}

/// Names what is shed.
fn words(shed: Shed) -> String {
    let all = Relief::ALL.into_iter().filter(|relief| shed.has(*relief)).map(Relief::name);
    match all.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "nothing".to_owned(),
        some => some,
    }
}

/// Looks as long as the node runs.
pub(crate) async fn looks(overload: Arc<Overload>) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut before = clock::now();
    loop {
        tick.tick().await;
        let now = clock::now();
        let lag = now.since(before).saturating_sub(LOOK);
        before = now;
        overload
            .meter
            .metrics
            .control_lag_ms
            .set(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX));
        overload.look(lag);
    }
}
