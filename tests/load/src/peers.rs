//! Other servers.
use crate::gateway::Source;
use crate::progress::Progress;
use anyhow::Result;
use throng_bench::report::Report;
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sessions: usize,
    pub(crate) only: Vec<String>,
    pub(crate) source: Source,
    pub(crate) progress: Progress,
}
pub(crate) fn run(_plan: &Plan) -> Result<Report> {
    Ok(Report::new("peers"))
}
