//! The policies and modules that are shipped.

use super::{scripts, workshop};

#[test]
fn shipped_scripts_pass_their_tests_which_reach_every_line() {
    let report = workshop().test(&[scripts()], "", true).expect("scripts are there");
    assert!(report.passes() && report.covers(100.0), "{report}");
}

#[test]
fn shipped_scripts_have_no_findings() {
    let report = workshop().check(&[scripts()]).expect("scripts are there");
    assert!(report.passes(true), "{report}");
}

#[test]
fn every_shipped_policy_has_cases() {
    let report = workshop().test(&[scripts().join("policies")], "", false).expect("policies");
    let names: Vec<_> =
        report.scripts.iter().map(|script| script.path.file_stem().unwrap().to_owned()).collect();
    assert_eq!(names, ["bots-first", "by-region", "default", "event-day", "quiet-hours"]);
    for script in &report.scripts {
        assert!(script.path.with_extension("toml").exists(), "{}", script.path.display());
    }
}
