//! Tests of the actions: what they print, and how they end.

use std::fs;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser};
use tempfile::TempDir;
use throng_plugin_policy_rhai::Config;

use super::{PolicyAction, answer};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    action: PolicyAction,
    /// A flag of the whole program.
    #[arg(long, global = true)]
    policy: Option<PathBuf>,
}

/// Does what a command line says after `throng policy`.
fn run(words: &[&str], input: &str) -> anyhow::Result<(String, bool)> {
    let line = Line::try_parse_from([&["policy"], words].concat())?;
    let config = Config { path: line.policy.unwrap_or_default(), ..Config::default() };
    answer(line.action, config, &mut input.as_bytes())
}

fn folder(script: &str, cases: &str) -> (TempDir, String) {
    let folder = TempDir::new().expect("a folder");
    let script_path = folder.path().join("policy.rhai");
    fs::write(&script_path, script).expect("a script");
    fs::write(folder.path().join("policy.toml"), cases).expect("cases");
    let path = script_path.display().to_string();
    (folder, path)
}

#[test]
fn a_check_fails_for_errors_and_when_strict_for_warnings() {
    let (_wrong, wrong) = folder("fn lag(session) { \"clse\" }", "");
    let (report, passes) = run(&["check", &wrong], "").expect("a report");
    assert!(!passes && report.contains("did you mean \"close\"?"), "{report}");
    let (_odd, odd) = folder("fn lag(session) { \"close\" }\nfn night() { 22 }", "");
    assert!(run(&["check", &odd], "").expect("a report").1);
    assert!(!run(&["check", &odd, "--strict"], "").expect("a report").1);
}

#[test]
fn tests_fail_when_a_case_does_or_too_little_is_reached() {
    let script =
        "fn lag(session) {\n    if session.bot { return \"close\"; }\n    \"passive\"\n}\n";
    let case = "[[case]]\nname = \"people\"\nhook = \"lag\"\nexpect = ";
    let (_right, right) = folder(script, &format!("{case}\"passive\"\n"));
    let (report, passes) = run(&["test", &right, "--coverage"], "").expect("a report");
    assert!(passes && report.contains("not reached: 2"), "{report}");
    assert!(!run(&["test", &right, "--min-coverage", "90"], "").expect("a report").1);
    assert!(run(&["test", &right, "--min-coverage", "50"], "").expect("a report").1);
    let (_wrong, wrong) = folder(script, &format!("{case}\"close\"\n"));
    let (report, passes) = run(&["test", &wrong], "").expect("a report");
    assert!(!passes && report.contains("FAILED"), "{report}");
    assert!(run(&["test", &wrong, "--filter", "programs"], "").expect("a report").1);
}

#[test]
fn missing_tests_and_cases_without_a_script_fail_when_strict() {
    let script = "fn lag(session) { \"close\" }";
    let case = "[[case]]\nname = \"all\"\nhook = \"lag\"\nexpect = \"close\"\n";
    let (_none, none) = folder(script, "");
    let (report, passes) = run(&["test", &none], "").expect("a report");
    assert!(passes && report.contains("no case in `policy.toml`"), "{report}");
    assert!(!run(&["test", &none, "--strict"], "").expect("a report").1);
    let (place, whole) = folder(script, case);
    assert!(run(&["test", &whole, "--strict"], "").expect("a report").1);
    fs::write(place.path().join("polcy.toml"), case).expect("cases of nobody");
    let (report, passes) = run(&["test", &whole], "").expect("a report");
    assert!(passes && report.contains("there is no `polcy.rhai`"), "{report}");
    assert!(!run(&["test", &whole, "--strict"], "").expect("a report").1);
}

#[test]
fn one_decision_takes_facts_from_a_file_or_from_input() {
    let (folder, policy) =
        folder("fn lag(session) { if session.bot { \"close\" } else { \"passive\" } }", "");
    let facts = folder.path().join("facts.json");
    fs::write(&facts, "{\"session\": {\"bot\": true}}").expect("facts");
    let facts = facts.display().to_string();
    let (report, passes) =
        run(&["run", "lag", "--policy", &policy, "--facts", &facts], "").expect("a report");
    assert!(passes && report.contains("verdict     \"close\""), "{report}");
    let read = run(&["run", "lag", "--policy", &policy, "--facts", "-"], "session.bot = false");
    assert!(read.expect("a report").0.contains("verdict     \"passive\""));
    let (report, _) = run(&["run", "lag", "--policy", &policy], "").expect("a report");
    assert!(report.contains("session.bot  false"), "{report}");
}

#[test]
fn mistakes_on_the_command_line_say_what_to_do() {
    let wrong = [
        (&["run", "lags"][..], "", "there are connect"),
        (&["run", "lag"], "", "--policy FILE"),
        (&["run", "lag", "--facts", "-"], "sesion.bot = true", "sesion"),
        (&["check", "nowhere"], "", "nowhere"),
        (&["test", ".", "--min-coverage", "101"], "", "0 to 100"),
        (&["new", "No Name", "--in", "."], "", "lower-case"),
    ];
    for (words, input, advice) in wrong {
        let error = run(words, input).expect_err("a mistake");
        assert!(format!("{error:#}").contains(advice), "{words:?}: {error:#}");
    }
}

#[test]
fn a_new_policy_passes_and_is_not_overwritten() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().display().to_string();
    let new = ["new", "night", "--in", &path];
    let (report, passes) = run(&new, "").expect("a report");
    assert!(passes && report.contains("next: throng policy test"), "{report}");
    assert!(run(&["test", &path, "--min-coverage", "100"], "").expect("a report").1);
    assert!(run(&["check", &path, "--strict"], "").expect("a report").1);
    let error = run(&new, "").expect_err("it is there");
    assert!(error.to_string().contains("another name"), "{error}");
}

#[test]
fn definitions_are_written_where_they_should_be() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("out").display().to_string();
    let (report, _) = run(&["definitions", "--out", &out], "").expect("a report");
    assert!(report.contains("throng.d.rhai"), "{report}");
}

#[test]
fn every_command_of_the_page_and_of_the_help_is_one() {
    let mut texts = vec![include_str!("../../../docs/POLICIES.md").to_owned()];
    let help = Line::command();
    texts.extend(help.get_subcommands().filter_map(|one| Some(one.get_after_help()?.to_string())));
    assert_eq!(texts.len(), 6, "the page, and the help of five actions");
    for text in texts {
        let all: Vec<_> = commands(&text).collect();
        assert!(!all.is_empty(), "no command in {text}");
        for command in all {
            let words = ["policy"].into_iter().chain(command.split_whitespace());
            if let Err(error) = Line::try_parse_from(words) {
                panic!("{command}: {error}");
            }
        }
    }
}

/// Finds what follows `throng policy` at the beginning of a line or behind a pipe.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(|line| line.rsplit(" | ").next().unwrap_or(line).trim());
    let commands = lines.filter_map(|line| line.strip_prefix("throng policy "));
    // In the help two spaces stand before what a command is for.
    commands.map(|command| command.split("  ").next().unwrap_or(command))
}
