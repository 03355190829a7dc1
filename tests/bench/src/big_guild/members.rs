//! The members: how much memory they take, how fast they are loaded and found, and what walks over
//! all of them cost the others.

mod jobs;
mod shelf;

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;

use super::{handoff, loading};
use crate::crowd::{Crowd, SESSIONS_PER_USER};
use crate::hall::Hall;
use crate::report::{Options, Report};

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    members: usize,
    sessions: usize,
    /// Searches, and acknowledgements without a job.
    samples: u32,
    /// Times that a short walk over everybody is repeated.
    walks: u32,
    /// Messages to everybody, with and without a job.
    messages: usize,
}

impl Sizes {
    fn of(options: &Options, members: Option<usize>) -> Self {
        if options.smoke {
            return Self { members: 2_500, sessions: 50, samples: 50, walks: 2, messages: 2 };
        }
        let members = members.unwrap_or(10_000_000);
        Self { members, sessions: members / 10, samples: 2_000, walks: 8, messages: 8 }
    }
}

/// Packs members, stores and loads them, walks over them beside the traffic, and hands them over.
pub(super) async fn run(
    options: &Options,
    members: Option<usize>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let sizes = Sizes::of(options, members);
    report.figure("members", sizes.members as f64, "");
    shelf::run(sizes, report)?;
    let folder = tempfile::tempdir()?;
    let users = sizes.sessions.div_ceil(SESSIONS_PER_USER);
    let began = Instant::now();
    let hall = Hall::build(folder.path(), sizes.members, users).await?;
    let rate = sizes.members as f64 / began.elapsed().as_secs_f64();
    report.figure("members written to SQLite", rate, "/s");
    let bytes = folder.path().join("throng.db").metadata().context("the database")?.len();
    report.figure("size of the database", bytes as f64 / 1e6, "MB");

    loading::run(folder.path(), sizes.members, options.smoke, report)?;
    let node = loading::start(folder.path()).await?;
    let crowd = Arc::new(Crowd::around(node, hall, sizes.sessions).await?);
    report.figure("sessions", crowd.sessions() as f64, "");
    jobs::run(&crowd, sizes, report).await?;
    handoff::run(&crowd, report).await
}
