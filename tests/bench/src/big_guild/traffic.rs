//! Messages at a steady pace: some to one reader, whose acknowledgements are measured, and some to
//! everybody, whose deliveries are counted.

use std::future::Future;
use std::time::Duration;

use anyhow::ensure;

use crate::crowd::{Crowd, wait_until};
use crate::percentile;

/// Time between two messages whose acknowledgement is measured.
const PACE: Duration = Duration::from_millis(2);
/// Messages of those to one reader for each to everybody.
const QUIET: usize = 250;

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
                    crowd.post(crowd.channel, "to everybody").await?;
                    met.loud += 1;
                }
                met.acknowledgements.push(crowd.post(crowd.study, "quiet").await?);
            }
        }
    }
}

/// Checks that between two counts everybody was sent each message to everybody once. Returns how
/// many deliveries were missing or too many.
pub(super) async fn wrong(crowd: &Crowd, before: &[u64], loud: u64) -> anyhow::Result<u64> {
    wait_until(|| crowd.is_idle()).await;
    let after = crowd.received();
    ensure!(before.len() == after.len(), "the crowd is another one");
    // The author's sessions get what is quiet, too; they are at the beginning.
    let readers = before.iter().zip(&after).skip(crate::crowd::SESSIONS_PER_USER);
    Ok(readers.map(|(before, after)| (after - before).abs_diff(loud)).sum())
}
