//! Two builds of a program of this folder in turn: what the figures of one are to the other's.
//!
//! Whoever goes first in one round goes second in the next, and a ratio is the median of those of
//! rounds side by side.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, ensure};
use clap::Parser;

use crate::figure::Figure;
use crate::report::{Options, Report};

/// What is compared, and how.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "pairs",
    about = "Runs two builds of a bench in turn, and says what the second is to the first.",
    after_help = "Examples:
  pairs --before old/million --after new/million
  pairs --before old/big_guild --after new/big_guild --rounds 3 -- --part members

Programs are what `cargo bench --no-run -p throng-bench` says that it has made."
)]
pub struct Plan {
    /// The build that is there already.
    #[arg(long, value_name = "FILE")]
    before: PathBuf,
    /// The build that is to take its place.
    #[arg(long, value_name = "FILE")]
    after: PathBuf,
    /// How often each has its turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    #[command(flatten)]
    options: Options,
    /// What both programs are told.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

/// Compares two builds.
///
/// # Errors
///
/// A program does not end well, or says nothing that both say.
pub fn run(plan: &Plan) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let mut both: [Vec<Report>; 2] = [Vec::new(), Vec::new()];
    for round in 0..usize::from(plan.rounds) {
        for turn in 0..2 {
            let build = (round + turn) % 2;
            let program = [&plan.before, &plan.after][build];
            eprintln!("round {} of {}: {}", round + 1, plan.rounds, program.display());
            both[build].push(once(program, &plan.arguments, folder.path())?);
        }
    }
    let report = compare(&both);
    ensure!(!report.is_empty(), "the programs have no figure in common that says what is better");
    report.finish(&plan.options)
}

fn once(program: &Path, arguments: &[String], folder: &Path) -> anyhow::Result<Report> {
    let json = folder.join("figures.json");
    let mut command = Command::new(program);
    command.args(arguments).arg("--json").arg(&json).stdout(Stdio::null());
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(status.success(), "{} ended with {status}", program.display());
    Report::read(&json)
}

/// Compares every figure that all reports have and of which it is known whether more is better.
fn compare(both: &[Vec<Report>; 2]) -> Report {
    let mut report = Report::new("two builds in turn");
    let rows = both[0].first().map(Report::rows).unwrap_or_default();
    for row in rows.iter().filter(|row| !row.is_ratio()) {
        let Some(more_is_better) = row.more_is_better() else { continue };
        let mut figure = Figure::new(row.what(), row.unit().to_owned(), more_is_better);
        let mut known = true;
        for (build, reports) in both.iter().enumerate() {
            for found in reports.iter().map(|report| report.find(row.what())) {
                known &= found.is_some();
                figure.push(build, found.unwrap_or(f64::NAN));
            }
        }
        if known {
            figure.tell(&mut report);
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Target;

    fn report(rate: f64, time: f64) -> Report {
        let mut report = Report::new("sample");
        report.figure("sessions", 7.0, "");
        report.figure("rate", rate, "/s");
        report.target("time", time, "ms", Target::AtMost(1.0));
        report.target("ratio", time, "x", Target::AtMost(1.0));
        report
    }

    #[test]
    fn what_got_worse_is_missed_whether_more_or_less_of_it_is_better() {
        let before = vec![report(100.0, 1.0), report(200.0, 2.0), report(100.0, 1.0)];
        let same = compare(&[before.clone(), before.clone()]);
        assert!(same.is_met() && !same.is_empty());
        let slower = vec![report(90.0, 1.0), report(180.0, 2.0), report(100.0, 1.0)];
        assert!(!compare(&[before.clone(), slower]).is_met());
        let later = vec![report(100.0, 1.1), report(200.0, 2.2), report(100.0, 1.0)];
        assert!(!compare(&[before.clone(), later]).is_met());
        let better = vec![report(110.0, 0.9), report(210.0, 1.8), report(110.0, 0.9)];
        let better = compare(&[before, better]);
        assert!(better.is_met());
        assert!(!better.table().contains("sessions") && !better.table().contains("ratio:"));
    }
}
