//! One kind of attacker beside honest sessions, from an empty gateway to the figures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use throng_bench::report::{Report, Target};

use super::ground::{ATTACKERS, Ground};
use super::siege::{Siege, Toll};
use super::witness::{Finding, Witness};
use super::{Kind, Sizes};
use crate::affinity::Cores;
use crate::fleet::Fleet;
use crate::gateway::{Gateway, Source};
use crate::http::HttpPublisher;
use crate::meter::Meter;
use crate::order::{Compression, Dialect, Nature, Order, Roll, Seat};
use crate::progress::Progress;
use crate::publish::{self, Publisher};
use crate::scene::Scene;
use crate::shard::Tally;

/// Connections of the honest author.
const PUBLISHERS: usize = 4;
/// How many times longer the slowest honest deliveries may take.
const RATIO_MAX: f64 = 2.0;
/// A p99 below this counts as this: what nobody notices, and what a machine with two cores does to
/// whoever shares one with attackers.
const FLOOR_MILLIS: f64 = 15.0;
/// How often the gateway's memory is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// What a megabyte is.
const MEGABYTE: f64 = 1024.0 * 1024.0;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub(super) kind: &'static Kind,
    pub(super) sizes: Sizes,
    pub(super) smoke: bool,
}

/// A gateway with honest sessions.
struct Stage {
    gateway: Gateway,
    fleet: Fleet,
    publishers: Vec<Box<dyn Publisher>>,
    ground: Arc<Ground>,
    witness: Witness,
}

/// What an attack did.
struct Harm {
    calm: Tally,
    during: Tally,
    toll: Toll,
    /// Bytes that the gateway had before, and at most meanwhile.
    resident: Option<(u64, u64)>,
    /// How often the limit of the kind has refused.
    refused: u64,
    finding: Finding,
}

impl Trial {
    /// Runs it, and notes what came of it.
    pub(super) fn run(
        self,
        source: &Source,
        cores: Cores,
        progress: Progress,
        report: &mut Report,
    ) -> Result<()> {
        let name = self.kind.name;
        let mut stage = self.stage(source, cores, progress).context(name)?;
        let harm = self.attack(&mut stage).context(name)?;
        self.tell(&harm, report);
        Ok(())
    }

    fn stage(self, source: &Source, cores: Cores, progress: Progress) -> Result<Stage> {
        let chosen = if self.smoke { self.kind.small } else { &[] };
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let settings: BTreeMap<String, String> =
            self.kind.always.iter().chain(chosen).map(owned).collect();
        let source = Source { as_shipped: true, ..source.clone() };
        let gateway = source.open(&settings, cores)?;
        let sessions = self.sizes.sessions;
        let scene = Scene::found(&gateway.admin, sessions + ATTACKERS + 1, 2)?;
        let (honest, others) = scene.listeners.split_at(sessions);
        let (witness, guests) = others.split_first().context("nobody is a witness")?;
        let seat = |token: &String| Seat { token: token.clone(), nature: Nature::Steady };
        let mut fleet = Fleet::muster(&Roll {
            shard: 0,
            server: gateway.public,
            dialect: Dialect::Gateway,
            path: "/?v=10&encoding=json".to_owned(),
            compression: Compression::None,
            reconnects_per_second: 0,
            seats: honest.iter().map(|account| seat(&account.token)).collect(),
        })?;
        let bar = progress.bar("entering", sessions as u64);
        fleet.enter(|entered| bar.at(entered as u64))?;
        let witness = Witness::leave(gateway.public, witness)?;
        let crowded = self.kind.crowded;
        let ground = Ground::survey(&gateway, &scene, guests, &self.sizes, crowded)?;
        let base = format!("http://{}", gateway.public);
        let publisher = |_| -> Box<dyn Publisher> {
            Box::new(HttpPublisher::new(&base, &scene.author.token, &scene.channels))
        };
        let publishers = (0..PUBLISHERS).map(publisher).collect();
        Ok(Stage { gateway, fleet, publishers, ground: Arc::new(ground), witness })
    }

    fn attack(self, stage: &mut Stage) -> Result<Harm> {
        let calm = self.volley(stage)?;
        let before = stage.refused(self.kind)?;
        let watch = stage.gateway.meter.map(Watch::begin).transpose()?;
        let siege = Siege::lay(self.kind, &stage.ground);
        thread::sleep(self.sizes.lead);
        let during = self.volley(stage)?;
        let began = Instant::now();
        let mut refused = stage.refused(self.kind)?;
        while refused <= before && began.elapsed() < self.sizes.patience {
            thread::sleep(LOOK);
            refused = stage.refused(self.kind)?;
        }
        let toll = siege.lift();
        let finding = stage.witness.come_back(stage.gateway.public)?;
        let resident = watch.map(Watch::end);
        Ok(Harm { calm, during, toll, resident, refused: refused - before, finding })
    }

    fn volley(self, stage: &mut Stage) -> Result<Tally> {
        stage.fleet.order(Order::Reset)?;
        publish::fire(self.sizes.volley, stage.fleet.board(), &mut stage.publishers)?;
        stage.fleet.tally()
    }

    fn tell(self, harm: &Harm, report: &mut Report) {
        let Kind { name, limit, memory, .. } = *self.kind;
        let Toll { taken, refused, cut } = harm.toll;
        for (what, count) in [("taken", taken), ("refused", refused), ("links that ended", cut)] {
            report.figure(format!("{name}: {what}"), count as f64, "");
        }
        let times = [("without", &harm.calm), ("with", &harm.during)];
        for (when, tally) in times {
            for percentile in [50.0, 99.0] {
                let what = format!("{name}: p{percentile} {when}");
                report.figure(what, tally.latency.millis(percentile), "ms");
            }
        }
        let [calm, during] = times.map(|(_, tally)| tally.latency.millis(99.0).max(FLOOR_MILLIS));
        let what = format!("{name}: p99 with / without, from {FLOOR_MILLIS} ms on");
        report.target(what, during / calm, "x", Target::AtMost(RATIO_MAX));
        if let Some((before, most)) = harm.resident {
            let added = most.saturating_sub(before) as f64 / MEGABYTE;
            let what = format!("{name}: memory that it adds");
            report.target(what, added, "MiB", Target::AtMost(memory));
        }
        let faults = (harm.calm.faults() + harm.during.faults()) as f64;
        let what = format!("{name}: lost, doubled or out of order");
        report.target(what, faults, "", Target::AtMost(0.0));
        let posted = 2 * self.sizes.volley.messages;
        let whole = harm.finding == Finding::Everything(posted);
        if !whole {
            eprintln!("throng-load: {name}: who came back found {:?}", harm.finding);
        }
        let what = format!("{name}: resumed with everything");
        report.target(what, f64::from(u8::from(whole)), "", Target::AtLeast(1.0));
        report.figure(format!("{name}: {limit}"), harm.refused as f64, "refusals");
        let what = format!("{name}: limit has refused");
        report.target(what, harm.refused as f64, "", Target::AtLeast(1.0));
    }
}

impl Stage {
    /// Returns how often the limit of a kind has refused.
    fn refused(&self, kind: &Kind) -> Result<u64> {
        let all = self.gateway.refusals()?;
        Ok(all.iter().filter(|(name, _)| name.starts_with(kind.limit)).map(|(_, n)| n).sum())
    }
}

/// Looks at a process' memory.
struct Watch {
    before: u64,
    seen: Arc<(AtomicBool, AtomicU64)>,
    looking: thread::JoinHandle<()>,
}

impl Watch {
    fn begin(meter: Meter) -> Result<Self> {
        let before = meter.resident()?;
        let seen = Arc::new((AtomicBool::new(false), AtomicU64::new(before)));
        let noted = Arc::clone(&seen);
        let looking = thread::spawn(move || {
            let (over, most) = &*noted;
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(meter.resident().unwrap_or_default(), Ordering::Relaxed);
                thread::sleep(LOOK);
            }
        });
        Ok(Self { before, seen, looking })
    }

    /// Returns what the process had before, and at most since.
    fn end(self) -> (u64, u64) {
        let (over, most) = &*self.seen;
        over.store(true, Ordering::Relaxed);
        if self.looking.join().is_err() {
            eprintln!("throng-load: nobody looked at the memory");
        }
        (self.before, most.load(Ordering::Relaxed))
    }
}
