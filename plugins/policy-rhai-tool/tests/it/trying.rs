//! Single decisions, new policies, and definitions for editors.

use std::fs;

use throng_plugin_policy_rhai::Hook;
use throng_plugin_policy_rhai_tool::{Given, Lint, Scene, StarterError, starter};

use super::{Desk, scripts, workshop};

fn scene(name: &str, text: &str) -> Scene {
    Given::read(name.as_ref(), text).expect("facts").scene().expect("facts")
}

#[test]
fn a_decision_shows_facts_lines_operations_and_verdict() {
    let policy = scripts().join("policies/quiet-hours.rhai");
    let night = scene("night.toml", "now = \"2026-11-25T23:00:00Z\"\nsession.subscribed = false");
    let explained = workshop().explain(&policy, Hook::Passivity, &night).expect("it loads");
    assert_eq!(explained.verdict.as_deref(), Ok("#{mode: \"passive\", recheck: 25200}"));
    let facts: Vec<_> =
        explained.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    assert_eq!(
        facts,
        ["clock.at(60).minutes 0", "session.subscribed false", "session.moderator false"]
    );
    let modules: Vec<_> = explained.lines.iter().map(|line| line.module.as_str()).collect();
    assert!(modules.contains(&"hours") && modules.contains(&""), "{modules:?}");
    let text = explained.to_string();
    for words in
        ["passivity(session, guild) of ", "let awake = ", " of 10000", "verdict     #{mode"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn facts_may_be_json() {
    let policy = scripts().join("policies/default.rhai");
    let facts = "{\"session\": {\"passive_capable\": true}, \"guild\": {\"members\": 5}}";
    for name in ["facts.json", "-"] {
        let away = scene(name, facts);
        let explained = workshop().explain(&policy, Hook::Passivity, &away).expect("it loads");
        assert_eq!(explained.verdict.as_deref(), Ok("\"passive\""));
    }
}

#[test]
fn a_hook_that_is_not_there_is_answered_by_the_default() {
    let policy = scripts().join("policies/by-region.rhai");
    let explained = workshop().explain(&policy, Hook::Lag, &Scene::default()).expect("it loads");
    assert_eq!(explained.verdict.as_deref(), Ok("\"close\""));
    assert!(explained.to_string().contains("native default"), "{explained}");
}

#[test]
fn a_decision_that_fails_shows_where() {
    let desk = Desk::new().with("policy.rhai", "fn lag(session) {\n    \"clse\"\n}\n");
    let explained = workshop()
        .explain(&desk.path("policy.rhai"), Hook::Lag, &Scene::default())
        .expect("it loads");
    let fault = explained.verdict.clone().expect_err("no verdict");
    assert!(fault.message.contains("clse"), "{fault}");
    assert!(explained.to_string().contains("failure     "), "{explained}");
    assert_eq!(explained.lines[0].number, 2);
}

#[test]
fn a_new_policy_is_right_from_the_start() {
    let desk = Desk::new();
    let files = starter("quiet-sundays", &desk.path("policies")).expect("a new policy");
    assert!(files.iter().all(|file| file.exists()));
    let check = desk.check("policies");
    assert!(check.passes(true), "{check}");
    let test = desk.test("policies");
    assert!(test.passes() && test.covers(100.0), "{test}");
    let text = fs::read_to_string(&files[0]).expect("a script");
    assert!(text.contains("quiet-sundays") && !text.contains("my-policy"));
}

#[test]
fn a_new_policy_overwrites_nothing() {
    let desk = Desk::new().with("night.toml", "mine");
    let error = starter("night", &desk.path("")).expect_err("it is there");
    assert!(matches!(error, StarterError::Exists(_)), "{error}");
    assert_eq!(fs::read_to_string(desk.path("night.toml")).expect("mine"), "mine");
    assert!(!desk.path("night.rhai").exists());
    for name in ["", "../night", "Night", "-night"] {
        assert!(matches!(starter(name, &desk.path("")), Err(StarterError::Name(_))), "{name}");
    }
}

#[test]
fn definitions_name_every_fact_with_its_type() {
    let desk = Desk::new();
    let files = workshop().definitions(&desk.path("definitions")).expect("files");
    let read = |name: &str| fs::read_to_string(desk.path("definitions").join(name)).expect(name);
    assert!(files.iter().all(|file| file.to_string_lossy().ends_with(".d.rhai")));
    let ours = read("throng.d.rhai");
    for words in [
        "/// Whether a program uses the account.\nfn get bot(it: Session) -> bool;",
        "fn has_role(it: Session, id: int) -> bool;",
        "fn relay_capacity() -> int;",
        "Only while testing.\nfn session(facts: Map) -> Session;",
        "//   fn passivity(session, guild)",
    ] {
        assert!(ours.contains(words), "{words}: {ours}");
    }
    let rhai = ["__static__.d.rhai", "__builtin__.d.rhai"].map(read).concat();
    assert!(rhai.contains("fn contains(string: String, find: String) -> bool;"), "{rhai}");
    for words in ["fn get bot(", "Decision", "EvalAltResult", "fn eval(", "fn print("] {
        assert!(!rhai.contains(words), "{words}: {rhai}");
    }
}

#[test]
fn every_lint_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Lint::ALL.map(Lint::name).into_iter().collect();
    assert_eq!(names.len(), Lint::ALL.len());
}
