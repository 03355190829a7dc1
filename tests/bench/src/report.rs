//! What a program measured: a table for people, JSON for machines, and an exit code.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use serde::{Deserialize, Serialize};

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
struct Row {
    what: String,
    figure: f64,
    unit: Cow<'static, str>,
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
        self.note(Row { what, figure, unit, target: None, met: None });
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
        self.note(Row { what, figure, unit, target: Some(target), met });
    }

    /// Shows a figure to whoever waits for the table.
    fn note(&mut self, row: Row) {
        eprintln!("{}", row.cells().join("  ").trim_end());
        self.rows.push(row);
    }

    /// Adds the figures that another program wrote as JSON.
    ///
    /// # Errors
    ///
    /// The file is not there, or is something else.
    pub fn append(&mut self, json: &Path) -> anyhow::Result<()> {
        let other: Self = serde_json::from_slice(&std::fs::read(json)?)?;
        self.rows.extend(other.rows);
        Ok(())
    }

    /// Tells whether every target is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.rows.iter().all(|row| row.met != Some(false))
    }

    /// Writes the table.
    #[must_use]
    pub fn table(&self) -> String {
        let lines: Vec<[String; 4]> = self.rows.iter().map(Row::cells).collect();
        let head = ["what", "figure", "target", ""].map(str::to_owned);
        let widths: Vec<usize> = (0..4)
            .map(|column| {
                let cells = std::iter::once(&head).chain(&lines);
                cells.map(|line| line[column].chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut table = format!("{}\n", self.name);
        for line in std::iter::once(&head).chain(&lines) {
            let [what, figure, target, met] = line;
            let (a, b, c) = (widths[0], widths[1], widths[2]);
            let row = format!("  {what:<a$}  {figure:>b$}  {target:<c$}  {met}");
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
    fn cells(&self) -> [String; 4] {
        let target = match self.target {
            Some(Target::AtLeast(least)) => format!(">= {least}"),
            Some(Target::AtMost(most)) => format!("<= {most}"),
            None => String::new(),
        };
        let met = self.met.map_or("", |met| if met { "met" } else { "MISSED" });
        [
            self.what.clone(),
            format!("{} {}", number(self.figure), self.unit),
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
        assert!(table.contains("0.500 x  <= 1    met"), "{table}");
        assert!(table.contains("1.50 M/s  >= 2    MISSED"), "{table}");
    }
}
