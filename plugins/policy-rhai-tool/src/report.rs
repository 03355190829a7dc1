//! What a run of tests says.

use std::fmt;
use std::path::PathBuf;

use throng_plugin_policy_rhai::trial::suite::Tested;
use throng_ports::policy::PolicyFault;

use super::check::count;
use super::coverage::Coverage;

/// What a run of tests says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestReport {
    /// Each script.
    pub scripts: Vec<ScriptTests>,
    /// What else is wrong with the tests: files of cases that belong to no script.
    pub notes: Vec<String>,
}

/// What the tests of one script say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptTests {
    /// Its file.
    pub path: PathBuf,
    /// Its tests, or why they cannot be run.
    pub tested: Result<Vec<Tested>, PolicyFault>,
    /// What is missing: tests, or anything that it decides.
    pub notes: Vec<String>,
    /// Which of its lines they reach; `None` when nobody asked.
    pub coverage: Option<Coverage>,
}

impl TestReport {
    /// Tells whether every test ran and passed.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.scripts.iter().all(|script| script.tested.is_ok() && script.failed().count() == 0)
    }

    /// Tells whether nothing is missing besides.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.notes.is_empty() && self.scripts.iter().all(|script| script.notes.is_empty())
    }

    /// Tells whether of each script at least so many percent of the lines were reached.
    #[must_use]
    pub fn covers(&self, percent_min: f64) -> bool {
        let coverages = self.scripts.iter().filter_map(|script| script.coverage.as_ref());
        coverages.into_iter().all(|coverage| coverage.percent() >= percent_min)
    }
}

impl ScriptTests {
    fn failed(&self) -> impl Iterator<Item = &Tested> {
        let tested = self.tested.iter().flatten();
        tested.filter(|test| test.failure.is_some())
    }
}

impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for script in &self.scripts {
            writeln!(f, "{}", script.headline())?;
        }
        for script in &self.scripts {
            if let Err(fault) = &script.tested {
                writeln!(f, "\n{}", fault.report)?;
            }
            script.failed().try_for_each(|test| write!(f, "\n{test}"))?;
        }
        self.write_notes(f)?;
        self.write_coverage(f)?;
        writeln!(f, "\n{}", self.summary())
    }
}

impl TestReport {
    fn write_notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_scripts = self.scripts.iter().flat_map(|script| {
            script.notes.iter().map(|note| format!("{}: {note}", script.path.display()))
        });
        let notes: Vec<_> = of_scripts.chain(self.notes.iter().cloned()).collect();
        if !notes.is_empty() {
            writeln!(f)?;
        }
        notes.iter().try_for_each(|note| writeln!(f, "warning: {note}"))
    }

    fn write_coverage(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let covered =
            self.scripts.iter().filter_map(|script| Some((script, script.coverage.as_ref()?)));
        for (index, (script, coverage)) in covered.enumerate() {
            if index == 0 {
                writeln!(f, "\ncoverage")?;
            }
            write!(f, "  {coverage} of {}", script.path.display())?;
            match coverage.missed().as_str() {
                "" => writeln!(f)?,
                missed => writeln!(f, "; not reached: {missed}")?,
            }
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let all: usize = self.scripts.iter().map(ScriptTests::count).sum();
        let failed: usize = self.scripts.iter().map(|script| script.failed().count()).sum();
        let scripts = count(self.scripts.len(), "script");
        let summary =
            format!("{scripts}, {}: {} passed, {failed} failed", count(all, "test"), all - failed);
        match self.scripts.iter().filter(|script| script.tested.is_err()).count() {
            0 => summary,
            broken => format!("{summary}, {} cannot run", count(broken, "script")),
        }
    }
}

impl ScriptTests {
    fn headline(&self) -> String {
        let path = self.path.display();
        let (all, failed) = (self.count(), self.failed().count());
        match &self.tested {
            Err(_) => format!("FAILED  {path}: cannot run"),
            Ok(_) if all == 0 => format!("none    {path}: no tests ran"),
            Ok(_) if failed == 0 => format!("ok      {path}: {all} passed"),
            Ok(_) => format!("FAILED  {path}: {} passed, {failed} failed", all - failed),
        }
    }

    fn count(&self) -> usize {
        self.tested.iter().flatten().count()
    }
}
