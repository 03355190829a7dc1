//! The members: how much memory they take, how fast they are loaded and found, and what walks over
//! all of them cost the others.

mod jobs;
mod people;
mod shelf;
mod stored;

use crate::report::{Options, Report};

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    members: usize,
    sessions: usize,
    /// Searches, and acknowledgements without a job.
    samples: usize,
    /// Messages to everybody, with and without a job.
    messages: usize,
}

impl Sizes {
    fn of(options: &Options) -> Self {
        if options.smoke {
            return Self { members: 2_500, sessions: 50, samples: 50, messages: 2 };
        }
        let members = options.members.unwrap_or(10_000_000);
        Self { members, sessions: members / 10, samples: 2_000, messages: 8 }
    }
}

/// Packs members, stores and loads them, and walks over them beside the traffic.
pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let sizes = Sizes::of(options);
    report.figure("members", sizes.members as f64, "");
    shelf::run(sizes, report)?;
    let folder = tempfile::tempdir()?;
    let (node, hall) = stored::run(sizes, folder.path(), report).await?;
    jobs::run(sizes, node, hall, report).await
}
