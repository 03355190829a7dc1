//! A guild that goes to another owner, beside publishing.

use std::time::Duration;

use anyhow::anyhow;
use throng_ports::hub::Operations as _;

use super::traffic::{self, Count, Met};
use crate::crowd::Crowd;
use crate::report::{Report, Target};

/// Times that the guild changes hands.
const ROUNDS: usize = 5;

/// Hands a guild over some times.
pub(super) async fn run(crowd: &Crowd, report: &mut Report) -> anyhow::Result<()> {
    let before = Count::take(crowd).await;
    let (mut pause, mut took, mut met) = (Duration::ZERO, Duration::ZERO, Met::default());
    let mut members = 0;
    for _ in 0..ROUNDS {
        let (done, round) = traffic::until(crowd, async {
            let done = crowd.node.hand_off(crowd.hall.guild).await;
            done.map_err(|refusal| anyhow!("not handed off: {refusal}"))
        })
        .await?;
        members = done.members;
        (pause, took) = (pause.max(done.pause), took.max(done.took));
        met.extend(round);
    }
    let wrong = before.wrong(crowd, &met).await?;
    report.figure("hand-off: members", members as f64, "");
    report.figure("hand-off: longest", took.as_secs_f64(), "s");
    report.figure("hand-off: acknowledgement p99 meanwhile", met.millis(0.99), "ms");
    let millis = pause.as_secs_f64() * 1e3;
    report.target("hand-off: pause of publishing", millis, "ms", Target::AtMost(100.0));
    report.target("hand-off: lost or doubled", wrong as f64, "", Target::AtMost(0.0));
    Ok(())
}
