//! What a program measured: a table for people, JSON for machines, and an exit code.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use serde::{Deserialize, Serialize};

use crate::spread::Spread;

/// How a program is run.
#[derive(Clone, Debug, Default, Parser)]
pub struct Options {
    /// Exit with 1 when a target is missed.
    #[arg(long)]
    pub check: bool,
    /// Write the figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Run with tiny sizes, to show that the program works.
    #[arg(long)]
    pub smoke: bool,
    /// What cargo adds by itself.
    #[arg(long, hide = true)]
    pub bench: bool,
}

/// Ends a program: what failed is a sentence on standard error.
#[must_use]
pub fn end(program: &str, ended: anyhow::Result<ExitCode>) -> ExitCode {
    ended.unwrap_or_else(|error| {
        eprintln!("{program}: {error:#}");
        ExitCode::FAILURE
    })
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Target {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(least) => figure >= least,
            Self::AtMost(most) => figure <= most,
        }
    }
}

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    what: String,
    figure: f64,
    unit: Cow<'static, str>,
    /// The lowest and the highest of the rounds whose median the figure is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<[f64; 2]>,
    target: Option<Target>,
    met: Option<bool>,
}

/// All figures of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    name: Cow<'static, str>,
    rows: Vec<Row>,
}

impl Report {
    /// Begins an empty one.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), rows: Vec::new() }
    }

    /// Notes a figure that has no target.
    pub fn figure(&mut self, what: impl Into<String>, figure: f64, unit: &'static str) {
        let (what, unit) = (what.into(), Cow::Borrowed(unit));
        self.note(Row { what, figure, unit, ends: None, target: None, met: None });
    }

    /// Notes a figure and what it should be.
    pub fn target(
        &mut self,
        what: impl Into<String>,
        figure: f64,
        unit: &'static str,
        target: Target,
    ) {
        let (what, unit) = (what.into(), Cow::Borrowed(unit));
        let met = Some(target.is_met(figure));
        self.note(Row { what, figure, unit, ends: None, target: Some(target), met });
    }

    /// Notes the median of rounds with their ends, and what it should be if there is a target.
    pub fn spread(
        &mut self,
        what: impl Into<String>,
        rounds: &Spread,
        unit: impl Into<Cow<'static, str>>,
        target: Option<Target>,
    ) {
        let (what, unit, figure) = (what.into(), unit.into(), rounds.median());
        let met = target.map(|target| target.is_met(figure));
        self.note(Row { what, figure, unit, ends: rounds.ends(), target, met });
    }

    /// Shows a figure to whoever waits for the table.
    fn note(&mut self, row: Row) {
        eprintln!("{}", row.cells().join("  ").trim_end());
        self.rows.push(row);
    }

    /// Reads the figures that another program wrote as JSON.
    ///
    /// # Errors
    ///
    /// The file is not there, or is something else.
    pub fn read(json: &Path) -> anyhow::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(json)?)?)
    }

    /// Adds the figures of another one.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// Returns the figures.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns a figure by what was measured, unless there is none or it is nothing.
    #[must_use]
    pub fn find(&self, what: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.what == what)?;
        (row.figure.is_finite() && row.figure > 0.0).then_some(row.figure)
    }

    /// Tells whether there are no figures.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Tells whether every target is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.rows.iter().all(|row| row.met != Some(false))
    }

    /// Writes the table.
    #[must_use]
    pub fn table(&self) -> String {
        let lines: Vec<[String; 5]> = self.rows.iter().map(Row::cells).collect();
        let head = ["what", "figure", "rounds", "target", ""].map(str::to_owned);
        let widths: Vec<usize> = (0..5)
            .map(|column| {
                let cells = std::iter::once(&head).chain(&lines);
                cells.map(|line| line[column].chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut table = format!("{}\n", self.name);
        for line in std::iter::once(&head).chain(&lines) {
            let [what, figure, ends, target, met] = line;
            let (a, b, c, d) = (widths[0], widths[1], widths[2], widths[3]);
            let row = format!("  {what:<a$}  {figure:>b$}  {ends:<c$}  {target:<d$}  {met}");
            table.push_str(row.trim_end());
            table.push('\n');
        }
        table
    }

    /// Prints the table, writes the JSON, and returns the exit code.
    ///
    /// # Errors
    ///
    /// The JSON file cannot be written.
    pub fn finish(self, options: &Options) -> anyhow::Result<ExitCode> {
        println!("{}", self.table());
        if let Some(path) = &options.json {
            let figures = serde_json::to_string_pretty(&self)?;
            let wrong = || format!("cannot write the figures to {}", path.display());
            std::fs::write(path, figures).with_context(wrong)?;
        }
        let failed = options.check && !self.is_met();
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Row {
    /// Returns what was measured.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Returns what it is measured in.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// Tells whether it is what two others are to each other.
    #[must_use]
    pub fn is_ratio(&self) -> bool {
        matches!(self.unit.as_ref(), "x" | "%")
    }

    /// Tells whether more of it is better, or less; `None` of a mere count.
    #[must_use]
    pub fn more_is_better(&self) -> Option<bool> {
        match (self.target, self.unit.as_ref()) {
            (Some(Target::AtLeast(_)), _) => Some(true),
            (Some(Target::AtMost(_)), _) => Some(false),
            (None, unit) if unit.contains('/') => Some(true),
            (None, "") => None,
            (None, _) => Some(false),
        }
    }

    fn cells(&self) -> [String; 5] {
        let ends = self.ends.map(|[low, high]| format!("{} to {}", number(low), number(high)));
        let target = match self.target {
            Some(Target::AtLeast(least)) => format!(">= {least}"),
            Some(Target::AtMost(most)) => format!("<= {most}"),
            None => String::new(),
        };
        let met = self.met.map_or("", |met| if met { "met" } else { "MISSED" });
        [
            self.what.clone(),
            format!("{} {}", number(self.figure), self.unit),
            ends.unwrap_or_default(),
            target,
            met.to_owned(),
        ]
    }
}

/// Writes a number with about three significant digits.
fn number(figure: f64) -> String {
    match figure.abs() {
        size if size >= 1_000.0 => {
            let digits = format!("{figure:.0}");
            let mut grouped = String::new();
            for (place, digit) in digits.chars().enumerate() {
                if place > 0 && digit.is_ascii_digit() && (digits.len() - place).is_multiple_of(3) {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            grouped
        }
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 1.0 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_which_targets_are_met() {
        let mut report = Report::new("sample");
        report.figure("sessions", 1_234_567.0, "");
        report.target("ratio", 0.5, "x", Target::AtMost(1.0));
        assert!(report.is_met());
        report.target("rate", 1.5, "M/s", Target::AtLeast(2.0));
        assert!(!report.is_met());
        let table = report.table();
        assert!(table.contains("1,234,567"), "{table}");
        assert!(table.contains("0.500 x          <= 1    met"), "{table}");
        assert!(table.contains("1.50 M/s          >= 2    MISSED"), "{table}");
        let rounds = [1.5, 0.5, 1.25].into_iter().collect();
        report.spread("rounds", &rounds, "x", None);
        assert!(report.table().contains("1.25 x  0.500 to 1.50"), "{}", report.table());
    }
}
