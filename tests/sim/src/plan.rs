//! What a world is made of: drawn from its seed, and made smaller to find the least that fails.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, ensure};

use crate::chance::Chance;
use crate::fault::Fault;

/// What a world is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Guilds, 1 to 4.
    pub guilds: u8,
    /// Decks, 1 to 4.
    pub decks: u8,
    /// Clients, 1 to 60; each has a user of its own, or shares one with its neighbour.
    pub clients: u8,
    /// Milliseconds of virtual time before calm.
    pub millis: u32,
    /// Milliseconds between two things that a client does, on average.
    pub pause: u32,
    /// What may go wrong, as bits of [`Fault::ALL`].
    pub faults: u32,
}

impl Plan {
    /// Draws a world.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x706c_616e);
        let faults = Fault::draw(&mut chance);
        let calm = chance.per_mille(50);
        Self {
            seed,
            guilds: 1 + chance.below(3) as u8,
            decks: 1 + chance.below(3) as u8,
            clients: 2 + chance.below(10) as u8,
            millis: 1_000 * (5 + chance.below(40) as u32),
            pause: 200 + chance.below(1_500) as u32,
            faults: if calm { 0 } else { faults },
        }
    }

    /// A small world in which nothing goes wrong: 2 guilds, 50 clients that do something every
    /// half minute, and ten minutes of it.
    #[must_use]
    pub const fn village(seed: u64) -> Self {
        let (guilds, decks, clients) = (2, 1, 50);
        Self { seed, guilds, decks, clients, millis: 600_000, pause: 30_000, faults: 0 }
    }

    /// Tells whether something may go wrong.
    #[must_use]
    pub const fn has(&self, fault: Fault) -> bool {
        self.faults & fault.bit() != 0
    }

    /// Lists plans that are a little smaller.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for fault in Fault::ALL.into_iter().filter(|fault| self.has(*fault)) {
            all.push(Self { faults: self.faults & !fault.bit(), ..*self });
        }
        let least = |to: u8, from: u8| (1..from).contains(&to);
        for clients in [self.clients / 2, self.clients.saturating_sub(1)] {
            all.extend(least(clients, self.clients).then_some(Self { clients, ..*self }));
        }
        let (guilds, decks) = (self.guilds - 1, self.decks - 1);
        all.extend(least(guilds, self.guilds).then_some(Self { guilds, ..*self }));
        all.extend(least(decks, self.decks).then_some(Self { decks, ..*self }));
        for millis in [self.millis / 2, self.millis * 9 / 10] {
            all.extend((millis >= 100).then_some(Self { millis, ..*self }));
        }
        all
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, guilds, decks, clients, millis, pause, faults } = self;
        write!(f, "{seed}:{guilds}:{decks}:{clients}:{millis}:{pause}:{faults:x}")
    }
}

impl FromStr for Plan {
    type Err = anyhow::Error;

    /// Reads a seed alone, or what [`Plan`] shows of itself.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        let seed = parts[0].parse().context("a plan begins with a seed, a number")?;
        if parts.len() == 1 {
            return Ok(Self::draw(seed));
        }
        let form = "a plan is SEED or SEED:GUILDS:DECKS:CLIENTS:MILLIS:PAUSE:FAULTS";
        ensure!(parts.len() == 7, form);
        let number = |index: usize| parts[index].parse::<u8>().context("a small number is wanted");
        Ok(Self {
            seed,
            guilds: number(1)?.clamp(1, 4),
            decks: number(2)?.clamp(1, 4),
            clients: number(3)?.clamp(1, 60),
            millis: parts[4].parse().context("milliseconds are wanted")?,
            pause: parts[5].parse::<u32>().context("milliseconds are wanted")?.max(1),
            faults: u32::from_str_radix(parts[6], 16).context("bits in hexadecimal are wanted")?,
        })
    }
}
