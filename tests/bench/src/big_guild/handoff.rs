//! A guild that goes to another owner, beside publishing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use throng_ports::hub::Hub as _;
use throng_proto::id::Id;
use throng_proto::model::{Member, Profile, User};
use throng_proto::time::Timestamp;

use super::traffic::{self, Met};
use crate::crowd::{Crowd, wait_until};
use crate::report::{Options, Report, Target};
use crate::stage::Stage;

/// Members that are added at once.
const BATCH: usize = 10_000;

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    sessions: usize,
    members: usize,
    /// Times that the guild changes hands.
    rounds: usize,
}

impl Sizes {
    const fn of(options: &Options) -> Self {
        if options.smoke {
            Self { sessions: 500, members: 5_000, rounds: 2 }
        } else {
            Self { sessions: 1_000_000, members: 2_000_000, rounds: 5 }
        }
    }
}

/// Fills a guild, and hands it over some times.
pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let Sizes { sessions, members, rounds } = Sizes::of(options);
    let stage = Stage::set()?;
    let crowd = Crowd::enter(Arc::clone(&stage.policy), sessions).await?;
    fill(&crowd, members).await?;
    wait_until(|| crowd.is_idle()).await;
    let before = crowd.received();
    let (mut pause, mut took, mut met) = (Duration::ZERO, Duration::ZERO, Met::default());
    for _ in 0..rounds {
        let (done, round) = traffic::until(&crowd, async {
            let done = crowd.node.hand_off(crowd.guild).await;
            done.map_err(|refusal| anyhow!("not handed off: {refusal}"))
        })
        .await?;
        ensure!(done.members >= members, "the next owner has {} members", done.members);
        (pause, took) = (pause.max(done.pause), took.max(done.took));
        met.extend(round);
    }
    let wrong = traffic::wrong(&crowd, &before, met.loud).await?;
    report.figure("hand-off: sessions", sessions as f64, "");
    report.figure("hand-off: members", members as f64, "");
    report.figure("hand-off: longest", took.as_secs_f64(), "s");
    report.figure("hand-off: acknowledgement p99 meanwhile", met.millis(0.99), "ms");
    let millis = pause.as_secs_f64() * 1e3;
    report.target("hand-off: pause of publishing", millis, "ms", Target::AtMost(100.0));
    report.target("hand-off: lost or doubled", wrong as f64, "", Target::AtMost(0.0));
    Ok(())
}

/// Adds members without sessions until there are so many.
async fn fill(crowd: &Crowd, members: usize) -> anyhow::Result<()> {
    let joined = Timestamp::from_millis(1_600_000_000_000);
    for from in (0..members).step_by(BATCH) {
        let batch = (from..members.min(from + BATCH)).map(|number| Member {
            user: User::new(Id::new(crowd.node.next_id()), format!("member{number}"), false),
            profile: Profile::new(joined, Vec::new()),
        });
        let added = crowd.node.import_members(crowd.guild, batch.collect()).await;
        added.map_err(|refusal| anyhow!("no members: {refusal}"))?;
    }
    Ok(())
}
