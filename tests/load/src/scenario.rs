//! What a run does, as a small file says it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::order::{Compression, Nature};
use crate::publish::{Pace, Volley};

/// Scenarios that need no file.
pub(crate) const BUILT_IN: [(&str, &str); 7] = [
    ("floor", include_str!("../scenarios/floor.toml")),
    ("steady", include_str!("../scenarios/steady.toml")),
    ("burst", include_str!("../scenarios/burst.toml")),
    ("slow", include_str!("../scenarios/slow.toml")),
    ("passive", include_str!("../scenarios/passive.toml")),
    ("compressed", include_str!("../scenarios/compressed.toml")),
    ("quic", include_str!("../scenarios/quic.toml")),
];

/// What a run does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scenario {
    /// What it shows, in a sentence.
    pub(crate) about: String,
    /// How many sessions there are.
    pub(crate) sessions: usize,
    /// How many of them each user has.
    pub(crate) sessions_per_user: usize,
    /// How they connect.
    pub(crate) transport: Transport,
    /// How what they get is compressed.
    pub(crate) compression: Compression,
    /// How many of a hundred are passive.
    pub(crate) passive_percent: usize,
    /// How many read nothing in phases that say so.
    pub(crate) slow: usize,
    /// How many lose their links in turn and resume, and how many do that each second.
    pub(crate) restless: usize,
    pub(crate) reconnects_per_second: u32,
    /// Channels, which everybody sees, and which are posted to in turn.
    pub(crate) channels: usize,
    /// How messages are posted.
    pub(crate) publish: Way,
    /// Whether a bare loop does the same beside it.
    pub(crate) floor: bool,
    /// Whether idle sessions are weighed first, which takes a minute.
    pub(crate) weigh: bool,
    /// How often the phases are gone through; the figures are those of all rounds together.
    pub(crate) rounds: usize,
    /// Settings of the gateway, by their keys in CONFIG.md.
    pub(crate) gateway: BTreeMap<String, toml::Value>,
    /// What is posted.
    #[serde(rename = "phase")]
    pub(crate) phases: Vec<Phase>,
}

/// One part of a run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Phase {
    /// What it is called.
    pub(crate) name: String,
    /// How many messages are posted.
    pub(crate) messages: u32,
    /// How many of them not everybody has, at any time; unless `per_second` is set.
    pub(crate) in_flight: u32,
    /// How many are posted a second, if not as many as arrive.
    pub(crate) per_second: f64,
    /// How long a content is, in bytes.
    pub(crate) bytes: usize,
    /// How many of a hundred mention everyone.
    pub(crate) mention_percent: u32,
    /// Whether slow sessions read nothing.
    pub(crate) asleep: bool,
}

/// How sessions connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    /// QUIC.
    Quic,
    /// WebSocket.
    #[default]
    WebSocket,
}

/// How messages are posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    /// Over HTTP, on connections that are kept.
    #[default]
    Http,
    /// Over the author's own links, by op 100.
    Link,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            about: String::new(),
            sessions: 15_000,
            sessions_per_user: 1,
            transport: Transport::default(),
            compression: Compression::default(),
            passive_percent: 0,
            slow: 0,
            restless: 0,
            reconnects_per_second: 0,
            channels: 1,
            publish: Way::default(),
            floor: false,
            weigh: false,
            rounds: 1,
            gateway: BTreeMap::new(),
            phases: Vec::new(),
        }
    }
}

impl Default for Phase {
    fn default() -> Self {
        Self {
            name: "messages".to_owned(),
            messages: 40,
            in_flight: 1,
            per_second: 0.0,
            bytes: 200,
            mention_percent: 0,
            asleep: false,
        }
    }
}

impl Scenario {
    /// Reads a file, or takes what is built in under that name.
    pub(crate) fn read(name: &str) -> Result<Self> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Self::parse(text);
        }
        let path = Path::new(name);
        if !path.exists() {
            let known: Vec<_> = BUILT_IN.iter().map(|(known, _)| *known).collect();
            bail!("{name} is neither a file nor one of {}", known.join(", "));
        }
        Self::parse(&std::fs::read_to_string(path)?).with_context(|| name.to_owned())
    }

    fn parse(text: &str) -> Result<Self> {
        let scenario: Self = toml::from_str(text)?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Takes as many sessions instead, and as large a share of slow and restless ones.
    pub(crate) fn resize(&mut self, sessions: usize) {
        let share = |count: usize| (count * sessions).div_ceil(self.sessions.max(1));
        (self.slow, self.restless) = (share(self.slow), share(self.restless));
        self.sessions = sessions;
    }

    /// Refuses what cannot be run.
    pub(crate) fn check(&self) -> Result<()> {
        let others = self.passive() + self.slow + self.restless;
        ensure!(others < self.sessions, "somebody must be neither passive, slow nor restless");
        ensure!(self.channels > 0 && self.sessions_per_user > 0, "no channels, or no users");
        let quiet = self.slow + self.restless == 0 && self.compression != Compression::ZlibStream;
        let quic = self.transport == Transport::Quic;
        ensure!(!quic || quiet, "over QUIC nobody is slow or restless, and there is no zlib");
        ensure!(!quic || self.passive() == 0, "over QUIC nobody is passive");
        Ok(())
    }

    fn passive(&self) -> usize {
        self.sessions * self.passive_percent / 100
    }

    /// Returns how each session behaves, mixed evenly.
    pub(crate) fn natures(&self) -> Vec<Nature> {
        let mut natures = vec![Nature::Steady; self.sessions];
        let kinds = [
            (Nature::Passive, self.passive()),
            (Nature::Slow, self.slow),
            (Nature::Restless, self.restless),
        ];
        for (kind, count) in kinds {
            let free: Vec<usize> =
                (0..natures.len()).filter(|n| natures[*n] == Nature::Steady).collect();
            for turn in 0..count {
                natures[free[turn * free.len() / count]] = kind;
            }
        }
        natures
    }

    /// Returns the settings of the gateway as text.
    pub(crate) fn settings(&self) -> BTreeMap<String, String> {
        let text =
            |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.gateway.iter().map(|(key, value)| (key.clone(), text(value))).collect()
    }
}

impl Phase {
    /// Returns how it is posted.
    pub(crate) fn volley(&self) -> Volley {
        let pace = if self.per_second > 0.0 {
            Pace::PerSecond(self.per_second)
        } else {
            Pace::InFlight(self.in_flight.max(1))
        };
        let Self { messages, bytes, mention_percent, .. } = *self;
        Volley { messages, pace, bytes, mention_percent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_is_built_in_can_be_run_and_says_what_it_shows() {
        for (name, _) in BUILT_IN {
            let scenario = Scenario::read(name).expect(name);
            assert!(!scenario.about.is_empty() && !scenario.phases.is_empty(), "{name}");
        }
    }

    #[test]
    fn natures_are_mixed_as_a_scenario_says() {
        let scenario =
            Scenario { passive_percent: 90, slow: 20, restless: 5, ..Scenario::default() };
        let natures = Scenario { sessions: 1_000, ..scenario }.natures();
        let count = |kind| natures.iter().filter(|nature| **nature == kind).count();
        let kinds = [Nature::Passive, Nature::Slow, Nature::Restless, Nature::Steady];
        assert_eq!(kinds.map(count), [900, 20, 5, 75]);
    }

    #[test]
    fn a_key_that_does_not_exist_is_refused() {
        assert!(Scenario::parse("session = 5").is_err());
        assert!(Scenario::parse("passive_percent = 100").is_err());
    }
}
