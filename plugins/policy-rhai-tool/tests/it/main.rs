//! What people who write policies use.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod absent;
mod approval;
mod asking;
mod checking;
mod page;
mod shipped;
mod testing;
mod trying;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use throng_plugin_policy_rhai::Config;
use throng_plugin_policy_rhai_tool::{CheckReport, TestReport, Workshop};

/// A folder of scripts that somebody is writing.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    /// Puts a file there.
    fn with(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn check(&self, name: &str) -> CheckReport {
        workshop().check(&[self.path(name)]).expect("a script")
    }

    fn test(&self, name: &str) -> TestReport {
        workshop().test(&[self.path(name)], "", true).expect("a script")
    }

    /// Writes a report as it would be in this folder.
    fn read(&self, report: &impl ToString) -> String {
        report.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn workshop() -> Workshop {
    Workshop::new(Config::default(), None)
}

/// Returns the folder of the shipped scripts.
fn scripts() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts"))
}
