//! Tests that are not there, and cases that belong to no script.

use throng_plugin_policy_rhai::Config;
use throng_plugin_policy_rhai_tool::Workshop;

use super::{Desk, workshop};

const SCRIPT: &str = "fn lag(session) { \"close\" }";
const CASE: &str = "[[case]]\nname = \"slow\"\nhook = \"lag\"\nexpect = \"close\"\n";

#[test]
fn a_script_without_tests_is_told_of_whichever_way_they_are_missing() {
    for (cases, words) in [
        (None, "there is no `away.toml` beside it, and no function `test_…`"),
        (Some(""), "there is no case in `away.toml`, and no function `test_…`"),
        (Some("# [[case]]\n"), "there is no case in `away.toml`"),
    ] {
        let mut desk = Desk::new().with("away.rhai", SCRIPT);
        if let Some(cases) = cases {
            desk = desk.with("away.toml", cases);
        }
        let report = desk.test("away.rhai");
        assert!(report.passes() && !report.is_complete(), "{report}");
        assert!(report.to_string().contains(words), "{words}: {report}");
    }
    let with_function = format!("{SCRIPT}\nfn test_it() {{ assert(true); }}\n");
    assert!(Desk::new().with("away.rhai", &with_function).test("away.rhai").is_complete());
    let with_case = Desk::new().with("away.rhai", SCRIPT).with("away.toml", CASE);
    assert!(with_case.test("away.rhai").is_complete());
}

#[test]
fn cases_under_another_name_are_named_and_do_not_run() {
    let desk = Desk::new()
        .with("p.rhai", SCRIPT)
        // Would fail if it ran.
        .with("pp.toml", &CASE.replace("\"close\"", "\"passive\""))
        .with("throng.toml", "listen = \"127.0.0.1:0\"\n")
        .with("old/q.toml", CASE);
    let report = desk.test("p.rhai");
    let text = desk.read(&report);
    assert!(report.passes() && !report.is_complete(), "{text}");
    assert!(text.contains("`pp.toml` has cases that never run: there is no `pp.rhai`"), "{text}");
    assert!(text.contains("there is no `p.toml` beside it"), "{text}");
    assert!(!text.contains("throng.toml") && !text.contains("q.toml"), "{text}");
    let desk = desk.with("pp.rhai", SCRIPT).with("p.toml", CASE);
    let report = workshop().test(&[desk.path("")], "", false).expect("scripts");
    assert!(!report.passes(), "now they run: {report}");
}

#[test]
fn a_folder_is_searched_for_cases_without_a_script() {
    let desk = Desk::new().with("p.rhai", SCRIPT).with("p.toml", CASE).with("lost.toml", CASE);
    let report = workshop().test(&[desk.path("")], "", false).expect("a script");
    assert!(report.passes() && !report.is_complete(), "{report}");
    assert!(desk.read(&report).contains("`lost.toml` has cases that never run"), "{report}");
}

#[test]
fn a_filter_that_leaves_nothing_is_not_taken_for_missing_tests() {
    let desk = Desk::new().with("p.rhai", SCRIPT).with("p.toml", CASE);
    let report = workshop().test(&[desk.path("p.rhai")], "no such test", false).expect("a script");
    assert!(report.is_complete(), "{report}");
}

#[test]
fn a_setting_makes_missing_tests_a_failure() {
    let config = Config { tests_required: true, ..Config::default() };
    let strict = Workshop::new(config, None);
    let desk = Desk::new().with("p.rhai", SCRIPT);
    let report = strict.test(&[desk.path("p.rhai")], "", false).expect("a script");
    assert!(!report.passes(), "{report}");
    assert!(report.to_string().contains("no `p.toml` beside it"), "{report}");
    let desk = desk.with("p.toml", CASE);
    let report = strict.test(&[desk.path("p.rhai")], "", false).expect("a script");
    assert!(report.passes() && report.is_complete(), "{report}");
}
