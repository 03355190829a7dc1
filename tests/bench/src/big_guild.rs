//! A guild of ten million members with a million sessions: what its largest jobs cost the others.
//!
//! Each part is a file of its own that adds its rows to the table.

mod handoff;
mod lists;
mod members;
mod relays;
mod traffic;

use crate::report::{Options, Report};

/// Runs every part.
///
/// # Errors
///
/// The node does not do what it should.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut report = Report::new("big_guild: jobs over ten million members beside the traffic");
    lists::run(options, &mut report).await?;
    members::run(options, &mut report).await?;
    relays::run(options, &mut report).await?;
    handoff::run(options, &mut report).await?;
    Ok(report)
}
