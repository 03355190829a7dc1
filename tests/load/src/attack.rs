//! Attackers beside honest sessions: what the others notice, what the gateway keeps, and whether
//! who was cut before still gets everything.
//!
//! Each kind of attacker is a row of [`kind::KINDS`] and a way to [`Strike`]; everything else is
//! the same for all.

mod blow;
mod flood;
mod ground;
mod kind;
mod siege;
mod trial;
mod wire;
mod witness;

use std::time::Duration;

use anyhow::{Result, ensure};
use throng_bench::report::{Options, Report};

pub(crate) use kind::Kind;

use crate::affinity::Cores;
use crate::gateway::Source;
use crate::progress::Progress;
use crate::publish::{Pace, Volley};
use blow::{Blow, Strike};
use ground::{Ground, Guest};
use trial::Trial;
use wire::Wire;

/// What is run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) options: Options,
    pub(crate) source: Source,
    /// Kinds, all of them when there is none.
    pub(crate) only: Vec<String>,
    /// Honest sessions.
    pub(crate) sessions: Option<usize>,
}

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// Honest sessions.
    sessions: usize,
    /// Guilds of attackers that are in many.
    guilds: usize,
    /// What an honest author posts, without attackers and beside them.
    volley: Volley,
    /// How long attackers are at it before anybody measures.
    lead: Duration,
    /// How long attackers go on at most until they are refused.
    patience: Duration,
}

impl Sizes {
    const fn of(smoke: bool) -> Self {
        if smoke {
            Self {
                sessions: 20,
                guilds: 12,
                volley: volley(10, 50.0),
                lead: Duration::ZERO,
                patience: Duration::from_secs(30),
            }
        } else {
            Self {
                sessions: 2_000,
                guilds: 2_400,
                volley: volley(300, 20.0),
                lead: Duration::from_secs(2),
                patience: Duration::from_secs(10),
            }
        }
    }
}

const fn volley(messages: u32, per_second: f64) -> Volley {
    Volley { messages, pace: Pace::PerSecond(per_second), bytes: 200, mention_percent: 0 }
}

/// Tries every kind, each with a gateway of its own.
pub(crate) fn run(plan: &Plan) -> Result<Report> {
    let known: Vec<_> = kind::KINDS.iter().map(|kind| kind.name).collect();
    for name in &plan.only {
        ensure!(known.contains(&name.as_str()), "{name} is none of {}", known.join(", "));
    }
    let smoke = plan.options.smoke;
    let mut sizes = Sizes::of(smoke);
    sizes.sessions = plan.sessions.unwrap_or(sizes.sessions);
    let (cores, progress) = (Cores::take(), Progress::new(smoke));
    let mut report = Report::new("attackers beside honest sessions");
    report.figure("honest sessions", sizes.sessions as f64, "");
    let wanted = |kind: &&Kind| plan.only.is_empty() || plan.only.iter().any(|n| n == kind.name);
    for kind in kind::KINDS.iter().filter(wanted) {
        let saying = progress.say(format!("{}: {}", kind.name, kind.about));
        Trial { kind, sizes, smoke }.run(&plan.source, cores, progress, &mut report)?;
        drop(saying);
    }
    Ok(report)
}
