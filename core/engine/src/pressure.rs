//! Pressure: how near a node is to what it can do, in bands that do not flicker.

use serde::Deserialize;

/// How much a node has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// Everything is done as it comes.
    #[default]
    Calm,
    /// Queues fill.
    Busy,
    /// Queues are long.
    Hot,
    /// Queues are about to be full.
    Critical,
}

impl Band {
    /// Every band.
    pub const ALL: [Self; 4] = [Self::Calm, Self::Busy, Self::Hot, Self::Critical];

    /// Returns the word in logs, settings and scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Busy => "busy",
            Self::Hot => "hot",
            Self::Critical => "critical",
        }
    }
}

/// Where bands begin, in percent, and how long it takes to come into another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Pressure from which on a node is busy, hot and critical.
    pub begins: [u8; 3],
    /// How far pressure must be below a band's beginning to leave it.
    pub margin: u8,
    /// Readings in a row that it takes to come into a higher band.
    pub readings_up: u32,
    /// Readings in a row that it takes to come into a lower band.
    pub readings_down: u32,
}

impl Default for Thresholds {
    /// What counts when settings say nothing.
    fn default() -> Self {
        Self { begins: [60, 80, 95], margin: 10, readings_up: 4, readings_down: 20 }
    }
}

impl Thresholds {
    /// Returns the pressure at which a band begins.
    #[must_use]
    pub const fn begins(&self, band: Band) -> u8 {
        match band {
            Band::Calm => 0,
            Band::Busy => self.begins[0],
            Band::Hot => self.begins[1],
            Band::Critical => self.begins[2],
        }
    }

    /// Returns the band of a pressure that counts at once.
    #[must_use]
    pub fn band(&self, pressure: u8) -> Band {
        let reached = Band::ALL.into_iter().rev().find(|band| pressure >= self.begins(*band));
        reached.unwrap_or_default()
    }
}

/// Turns readings into bands.
#[derive(Clone, Copy, Debug)]
pub struct Gauge {
    thresholds: Thresholds,
    band: Band,
    /// Readings in a row that ask for another band, on the same side of this one.
    streak: u32,
    /// The band nearest to this one that they ask for.
    nearest: Band,
}

impl Gauge {
    /// Begins calm.
    #[must_use]
    pub const fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, band: Band::Calm, streak: 0, nearest: Band::Calm }
    }

    /// Returns the band.
    #[must_use]
    pub const fn band(&self) -> Band {
        self.band
    }

    /// Takes a reading, 0 to 100, and returns the band when it is another one.
    pub fn read(&mut self, pressure: u8) -> Option<Band> {
        let asked = self.asked(pressure);
        if asked == self.band {
            self.streak = 0;
            return None;
        }
        let rises = asked > self.band;
        if self.streak == 0 || (self.nearest > self.band) != rises {
            (self.streak, self.nearest) = (0, asked);
        }
        self.streak += 1;
        self.nearest = if rises { self.nearest.min(asked) } else { self.nearest.max(asked) };
        let needed =
            if rises { self.thresholds.readings_up } else { self.thresholds.readings_down };
        (self.streak >= needed).then(|| self.enter(self.nearest))
    }

    /// Takes a reading that counts at once.
    pub fn set(&mut self, pressure: u8) -> Option<Band> {
        let asked = self.thresholds.band(pressure);
        (asked != self.band).then(|| self.enter(asked))
    }

    /// Returns the pressure at which a band begins.
    #[must_use]
    pub const fn begins(&self, band: Band) -> u8 {
        self.thresholds.begins(band)
    }

    fn enter(&mut self, band: Band) -> Band {
        (self.band, self.streak) = (band, 0);
        band
    }

    /// Says which band a reading asks for, given the one in force.
    fn asked(&self, pressure: u8) -> Band {
        let up = self.thresholds.band(pressure);
        let down = self.thresholds.band(pressure.saturating_add(self.thresholds.margin));
        if up > self.band { up } else { down.min(self.band) }
    }
}
