//! Other kinds of sessions, each beside plain and active ones or beside its own floor.

use anyhow::{Context as _, Result};
use throng_bench::report::Target;

use super::Bench;
use crate::order::Compression;
use crate::publish::Volley;
use crate::rounds::{Round, Rounds};
use crate::scenario::{Scenario, Transport};
use crate::system::System;

/// Messages to mostly passive sessions take a tenth of the time; so many more make a round as long.
const PASSIVE_MESSAGES: u32 = 10;

impl Bench {
    /// Compares what compressed sessions cost, and what they are sent, with plain ones.
    pub(super) fn compression(&mut self, plain: &mut System) -> Result<()> {
        for (name, compression) in
            [("zlib-stream", Compression::ZlibStream), ("zstd-stream", Compression::ZstdStream)]
        {
            let mut other = self.open(&Scenario { compression, ..self.plain() })?;
            let single = self.sizes.single;
            let (plains, others) = self.pairs((plain, single), (&mut other, single))?;
            let ratio = others.ratios(&plains, Round::micros_per_delivery);
            let what = format!("{name}: server's time per delivery / plain");
            self.ratio(&what, &ratio, Target::AtMost(1.3));
            let bytes = [&plains, &others]
                .map(|rounds| rounds.together().map(|round| round.bytes_per_delivery()));
            let [plain_bytes, other_bytes] = bytes;
            let saved = 100.0 * (1.0 - other_bytes? / plain_bytes?);
            self.report.target(
                format!("{name}: bytes saved on messages of 1 KB"),
                saved,
                "%",
                Target::AtLeast(60.0),
            );
        }
        Ok(())
    }

    /// Compares what a message to a guild costs that is 90 % passive with one that is all active.
    pub(super) fn passive(&mut self, plain: &mut System) -> Result<()> {
        let mut other = self.open(&Scenario { passive_percent: 90, ..self.plain() })?;
        let single = self.sizes.single;
        let many = Volley { messages: single.messages * PASSIVE_MESSAGES, ..single };
        let (plains, others) = self.pairs((plain, single), (&mut other, many))?;
        let ratio = others.ratios(&plains, Round::millis_per_message);
        let what = "90 % passive: server's time per message / all active";
        self.ratio(what, &ratio, Target::AtMost(0.13));
        Ok(())
    }

    /// Compares QUIC with bare quinn streams.
    pub(super) fn quic(&mut self) -> Result<()> {
        let sessions = self.sizes.quic;
        let transport = Transport::Quic;
        let mut quic = self.open(&Scenario { sessions, transport, ..Scenario::default() })?;
        let single = self.sizes.single;
        let sample = quic.round(single)?.tally.sample.context("no sample")?;
        let mut floor = System::floor(transport, sessions, &sample, self.cores)?;
        floor.round(single)?;
        let (floors, rounds) = self.pairs((&mut floor, single), (&mut quic, single))?;
        self.report.figure("QUIC sessions", sessions as f64, "");
        for (what, rounds) in [("quinn", &floors), ("QUIC", &rounds)] {
            let rate = rounds.together()?.deliveries_per_second();
            self.report.figure(format!("{what}, one at a time"), rate, "deliveries/s");
            self.micros(what, rounds)?;
        }
        let ratio = rounds.ratios(&floors, |round| Some(round.deliveries_per_second()));
        self.ratio("QUIC / bare quinn streams", &ratio, Target::AtLeast(0.9));
        Ok(())
    }

    /// Posts to both in turn.
    fn pairs(
        &mut self,
        (one, of_one): (&mut System, Volley),
        (other, of_other): (&mut System, Volley),
    ) -> Result<(Rounds, Rounds)> {
        let (mut ones, mut others) = (Rounds::new(), Rounds::new());
        let bar = self.progress.bar("two in turn", self.sizes.rounds as u64);
        other.round(Volley { messages: 1, ..of_other })?;
        for round in 0..self.sizes.rounds {
            ones.push(self.round(one, of_one)?);
            others.push(self.round(other, of_other)?);
            bar.at(round as u64);
        }
        Ok((ones, others))
    }
}
