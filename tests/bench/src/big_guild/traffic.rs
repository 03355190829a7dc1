//! Messages at a steady pace: some to one reader, whose acknowledgements are measured, and some to
//! everybody, whose deliveries are counted.

use std::future::Future;
use std::time::Duration;

use anyhow::ensure;

use crate::crowd::{Crowd, SESSIONS_PER_USER};
use crate::percentile;

/// Time between two messages whose acknowledgement is measured.
const PACE: Duration = Duration::from_millis(2);
/// Messages of those to one reader for each to everybody.
const QUIET: usize = 250;
/// How long deliveries may be on their way before they count as lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// What traffic met.
#[derive(Debug, Default)]
pub(super) struct Met {
    acknowledgements: Vec<Duration>,
    /// Messages to everybody.
    pub(super) loud: u64,
}

impl Met {
    /// Returns the time in milliseconds that a share of the acknowledgements took at most.
    pub(super) fn millis(&mut self, share: f64) -> f64 {
        percentile::of(&mut self.acknowledgements, share).as_secs_f64() * 1e3
    }

    /// Adds what traffic met at another time.
    pub(super) fn extend(&mut self, other: Self) {
        self.acknowledgements.extend(other.acknowledgements);
        self.loud += other.loud;
    }
}

/// Posts until something ends.
pub(super) async fn until<T>(
    crowd: &Crowd,
    end: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(T, Met)> {
    let mut met = Met::default();
    let mut pace = tokio::time::interval(PACE);
    tokio::pin!(end);
    loop {
        tokio::select! {
            ended = &mut end => return Ok((ended?, met)),
            _ = pace.tick() => {
                if met.acknowledgements.len() % QUIET == QUIET / 2 {
                    crowd.post(crowd.hall.channel, "to everybody").await?;
                    met.loud += 1;
                }
                met.acknowledgements.push(crowd.post(crowd.hall.study, "quiet").await?);
            }
        }
    }
}

/// What everybody was sent before traffic begins.
#[derive(Debug)]
pub(super) struct Count {
    received: Vec<u64>,
    addressed: u64,
}

impl Count {
    /// Counts when everything is delivered.
    pub(super) async fn take(crowd: &Crowd) -> Self {
        crowd.handed(0).await;
        Self { received: crowd.received(), addressed: crowd.addressed() }
    }

    /// Checks that everybody was sent each message to everybody once since then. Returns how many
    /// deliveries were missing or too many.
    pub(super) async fn wrong(&self, crowd: &Crowd, met: &Met) -> anyhow::Result<u64> {
        let quiet = met.acknowledgements.len().saturating_mul(SESSIONS_PER_USER);
        let due = self.addressed + met.loud * crowd.sessions() as u64 + quiet as u64;
        // What does not come by then is counted as missing.
        _ = tokio::time::timeout(PATIENCE, crowd.handed(due)).await;
        let after = crowd.received();
        ensure!(self.received.len() == after.len(), "the crowd is another one");
        // The author's sessions get what is quiet, too; they are at the beginning.
        let readers = self.received.iter().zip(&after).skip(SESSIONS_PER_USER);
        Ok(readers.map(|(before, after)| (after - before).abs_diff(met.loud)).sum())
    }
}
