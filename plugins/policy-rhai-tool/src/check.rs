//! What a check of policies says.

use std::fmt;
use std::path::PathBuf;

use super::cost::HookCost;
use super::finding::Finding;

/// What a check of scripts says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Each script.
    pub scripts: Vec<Checked>,
}

/// What a check of one script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its file.
    pub path: PathBuf,
    /// What is found, in the order of the places.
    pub findings: Vec<Finding>,
    /// What each of its hooks takes.
    pub costs: Vec<HookCost>,
    /// Lines that no question reached, such as `4, 7-9`; empty when all were.
    pub missed: String,
}

impl CheckReport {
    /// Tells whether there is no error, and in a strict check no warning either.
    #[must_use]
    pub fn passes(&self, strict: bool) -> bool {
        self.findings().all(|finding| !strict && !finding.lint.is_error())
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.scripts.iter().flat_map(|script| &script.findings)
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.findings() {
            writeln!(f, "{finding}")?;
        }
        for script in &self.scripts {
            writeln!(f, "{script}")?;
        }
        let errors = self.findings().filter(|finding| finding.lint.is_error()).count();
        let warnings = self.findings().count() - errors;
        let scripts = self.scripts.len();
        let (scripts, errors, warnings) =
            (count(scripts, "script"), count(errors, "error"), count(warnings, "warning"));
        writeln!(f, "{scripts}: {errors}, {warnings}")
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let findings = count(self.findings.len(), "finding");
        writeln!(f, "{}: {findings}", self.path.display())?;
        if self.costs.is_empty() {
            return Ok(());
        }
        writeln!(f, "  hook       asked  operations  at most  of the limit")?;
        for cost in &self.costs {
            let HookCost { hook, asked, mean, most, limit } = cost;
            let (hook, percent) = (hook.name(), cost.percent());
            writeln!(f, "  {hook:9} {asked:6} {mean:11} {most:8} {percent:3} % of {limit}")?;
        }
        match self.missed.as_str() {
            "" => Ok(()),
            missed => writeln!(f, "  no question reached: {missed}"),
        }
    }
}

/// Writes a number with its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        more => format!("{more} {noun}s"),
    }
}
