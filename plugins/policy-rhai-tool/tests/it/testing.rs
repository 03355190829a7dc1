//! Running the tests of policies.

use std::path::PathBuf;

use throng_engine::policy::Native;
use throng_plugin_policy_rhai::{Config, RhaiPolicy};
use throng_plugin_policy_rhai_tool::TestFailure;

use super::{Desk, workshop};

const AWAY: &str = "fn passivity(session, guild) {
    if session.afk {
        return \"muted\";
    }
    \"active\"
}
";
const CASES: &str = "[[case]]
name = \"who is here gets everything\"
hook = \"passivity\"
expect = \"active\"

[[case]]
name = \"who is away gets digests\"
hook = \"passivity\"
session = { afk = true, region = \"europe\" }
guild = { attachments = 5 }
expect = \"passive\"
";

#[test]
fn a_failing_case_shows_the_facts_and_both_verdicts() {
    let script = format!("{AWAY}\nfn test_it() {{\n    assert_eq(1 + 1, 3);\n}}\n");
    let desk = Desk::new().with("away.rhai", &script).with("away.toml", CASES);
    let report = desk.test("away.rhai");
    assert!(!report.passes());
    let text = desk.read(&report);
    assert_eq!(text, include_str!("testing/report.txt"), "{text}");
}

#[test]
fn lines_that_no_test_reaches_are_listed() {
    let cases = CASES.split("\n\n").next().unwrap_or_default();
    let script = "fn passivity(session, guild) {
    if session.afk {
        let mode = \"muted\";
        return mode;
    }
    if session.bot { return \"conflated\"; }
    \"active\"
}
";
    let desk = Desk::new().with("away.rhai", script).with("away.toml", cases);
    let report = desk.test("away.rhai");
    let coverage = report.scripts[0].coverage.clone().expect("coverage was asked for");
    assert_eq!((coverage.lines, &coverage.missed[..]), (5, &[3, 4, 6][..]));
    let text = desk.read(&report);
    assert!(text.contains("   40.0 %, 2 of 5 lines of away.rhai; not reached: 3-4, 6\n"), "{text}");
    assert!(report.covers(40.0) && !report.covers(40.1));
}

#[test]
fn only_tests_whose_names_match_are_run() {
    let desk = Desk::new().with("away.rhai", AWAY).with("away.toml", CASES);
    let report = workshop().test(&[desk.path("away.rhai")], "everything", false).expect("a script");
    let tested = report.scripts[0].tested.as_ref().expect("it runs");
    assert_eq!(tested.len(), 1);
    assert!(report.passes());
}

#[test]
fn cases_of_a_hook_that_is_not_there_ask_the_default() {
    let cases = "[[case]]\nname = \"resumes\"\nhook = \"lag\"\nexpect = \"close\"\n";
    let desk = Desk::new().with("away.rhai", AWAY).with("away.toml", cases);
    assert!(desk.test("away.rhai").passes());
}

#[test]
fn every_form_of_verdict_can_be_expected() {
    let (script, cases) =
        (include_str!("testing/verdicts.rhai"), include_str!("testing/verdicts.toml"));
    let desk = Desk::new().with("all.rhai", script).with("all.toml", cases);
    let report = desk.test("all.rhai");
    let tested = report.scripts[0].tested.as_ref().expect("it runs");
    let failed: Vec<_> = tested.iter().filter(|test| test.failure.is_some()).collect();
    let [test] = &failed[..] else { panic!("{report}") };
    let Some(TestFailure::Differs { expected, got, .. }) = &test.failure else {
        panic!("{report}")
    };
    assert_eq!(test.name, "another time");
    assert_eq!((&expected[..], &got[..]), ("refuse(\"no bots\", 61)", "refuse(\"no bots\", 60)"));
}

#[test]
fn mistakes_in_cases_say_what_is_there() {
    let cases = [
        ("name = \"a\"\nhook = \"lags\"\nexpect = \"close\"", "no hook `lags`"),
        ("name = \"a\"\nhook = \"lag\"", "needs `expect`"),
        ("name = \"a\"\nhook = \"lag\"\nexpect = \"clse\"", "`clse`"),
        (
            "name = \"a\"\nhook = \"lag\"\nexpect = \"close\"\nsession = { bott = true }",
            "did you mean `bot`",
        ),
        (
            "name = \"a\"\nhook = \"lag\"\nexpect = \"close\"\nsession = { bot = 1 }",
            "true or false",
        ),
        ("name = \"a\"\nhook = \"lag\"\nexpect = \"close\"\nsesion = { bot = true }", "sesion"),
        ("name = \"a\"\nhook = \"lag\"\nexpect = \"close\"\nnow = \"noon\"", "no time"),
        ("name = \"a\"\nhook = \"relays\"\nexpect = {}\nguild = { band = 3 }", "`attachments`"),
        ("name = \"a\"\nhook = \"publish\"\nexpect = \"alow\"", "\"allow\""),
        ("name = \"a", "policy.toml:2"),
    ];
    for (case, words) in cases {
        let desk = Desk::new()
            .with("policy.rhai", "fn lag(session) { \"close\" }")
            .with("policy.toml", &format!("[[case]]\n{case}\n"));
        let report = desk.test("policy.rhai");
        assert!(!report.passes(), "{case}");
        assert!(report.to_string().contains(words), "{words}: {report}");
        assert!(desk.read(&report).contains("policy.toml:"), "{report}");
    }
}

#[test]
fn tests_see_the_time_that_they_set() {
    let script = "
fn overload(node) { if clock().hour < 6 { [\"typing\"] } else { [] } }
fn test_night_and_noon() {
    assert_eq(overload(node(#{})), []);
    set_clock(\"2026-01-01T03:00:00Z\");
    assert_eq(overload(node(#{ pressure: 90 })), [\"typing\"]);
}
fn test_it_is_noon_again() {
    assert_eq(clock().hour, 12, );
    assert(overload(node(#{})).is_empty(), \"nothing at noon\");
}
";
    let desk = Desk::new().with("policy.rhai", script);
    let report = desk.test("policy.rhai");
    assert!(report.passes(), "{report}");
}

#[test]
fn decisions_maps_and_what_cannot_be_compared() {
    let script = "
fn publish(event, author, channel) { refuse(`no ${event.act}`) }
fn test_equal() {
    assert_eq(publish(event(#{ act: \"edit\" }), author(#{}), channel(#{})), refuse(\"no edit\"));
    assert_eq(#{ a: [1, 2] }, #{ a: [1, 2] });
}
fn test_decisions_differ() { assert_eq(allow(), refuse(\"no\")) }
fn test_kinds_differ() { assert_eq(1, \"1\") }
";
    let desk = Desk::new().with("policy.rhai", script);
    let text = desk.test("policy.rhai").to_string();
    assert!(text.contains("expected refuse(\"no\"), got admit() or allow()"), "{text}");
    assert!(text.contains("expected \"1\", got 1"), "{text}");
    assert!(text.contains("3 tests: 1 passed, 2 failed"), "{text}");
}

#[test]
fn a_test_that_does_not_end_is_stopped() {
    let desk = Desk::new().with("policy.rhai", "fn test_it() { loop { } }");
    let text = desk.test("policy.rhai").to_string();
    assert!(text.contains("operations"), "{text}");
}

#[test]
fn a_folder_without_scripts_says_what_to_do() {
    let desk = Desk::new().with("notes.txt", "").with("throng.d.rhai", "");
    let error = workshop().test(&[desk.path("")], "", false).expect_err("no script");
    assert!(error.to_string().contains("throng policy new"), "{error}");
    let error = workshop().test(&[PathBuf::from("nowhere")], "", false).expect_err("no folder");
    assert!(error.to_string().starts_with("nowhere: "), "{error}");
}

#[test]
fn a_gateway_does_not_load_a_policy_whose_tests_fail() {
    let desk = Desk::new().with("away.rhai", AWAY).with("away.toml", CASES);
    let config = Config { path: desk.path("away.rhai"), ..Config::default() };
    let fault = RhaiPolicy::open(config, Native { relay_capacity: 5 }).expect_err("a case fails");
    assert_eq!(fault.line, 6);
    assert!(fault.file.ends_with("away.toml"), "{fault}");
    assert!(fault.message.contains("expected \"passive\", got \"muted\""), "{fault}");
}
