//! Pressure of the node: it comes and goes, and with it what the node does without.

use throng_engine::policy::{NodeFacts, Shed};
use throng_engine::pressure::{Band, Gauge, Thresholds};

use super::World;
use crate::fault::Fault;

/// Time between two looks, in milliseconds.
const LOOK: u64 = 250;
/// Pressures that come and go.
const PRESSURES: [u8; 5] = [0, 30, 65, 85, 99];

/// How much the node has to do.
#[derive(Debug)]
pub(super) struct Pressure {
    gauge: Gauge,
    now: u8,
    shed: Shed,
    next_look: u64,
}

impl Default for Pressure {
    fn default() -> Self {
        Self { gauge: Gauge::new(Thresholds::default()), now: 0, shed: Shed::NOTHING, next_look: 0 }
    }
}

impl Pressure {
    pub(super) const fn shed(&self) -> Shed {
        self.shed
    }

    /// Tells whether sessions may begin.
    pub(super) fn admits(&self) -> bool {
        self.gauge.band() < Band::Critical
    }
}

impl World {
    /// Takes a reading when it is time for one.
    pub(super) fn feel_pressure(&mut self) {
        if !self.plan.has(Fault::Bands) || self.now < self.pressure.next_look {
            return;
        }
        self.pressure.next_look = self.now + LOOK;
        if self.calm {
            self.pressure.now = 0;
        } else if self.chance.per_mille(80) {
            self.pressure.now = self.chance.pick(&PRESSURES).unwrap_or(0);
        }
        let pressure = self.pressure.now;
        if let Some(band) = self.pressure.gauge.read(pressure) {
            self.trace.fault(format_args!("{} the node is {}", self.now, band.name()));
            self.shed();
        }
    }

    /// Asks the policy what the node does without now.
    pub(super) fn shed(&mut self) {
        let gauge = &self.pressure.gauge;
        let band = gauge.band();
        let pressure = self.pressure.now.max(gauge.begins(band));
        let shed = self.council.policy().overload(self.wall(), &NodeFacts { pressure, band });
        self.pressure.shed = shed;
        self.crews.iter_mut().for_each(|crew| crew.shed = shed);
    }
}
