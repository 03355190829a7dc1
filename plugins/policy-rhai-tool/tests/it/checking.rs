//! What a check finds.
//!
//! Scripts in `lints/` are wrong on purpose. Under a line with a mistake stands a comment `//~`:
//! carets under what is meant, the name of the lint, and words of the message and the advice.

use std::fs;
use std::path::Path;

use throng_plugin_policy_rhai_tool::{Finding, Lint};

use super::{Desk, workshop};

/// What a comment in a script says should be found.
#[derive(Debug)]
struct Expected {
    line: usize,
    column: usize,
    carets: usize,
    lint: String,
    words: Vec<String>,
}

impl Expected {
    /// Reads the comments of a script, each about the last line before it that is none.
    fn read(text: &str) -> Vec<Self> {
        let mut line = 0;
        let mut all = Vec::new();
        for (index, written) in text.lines().enumerate() {
            match written.trim_start().starts_with("//~") {
                true => all.push(Self::comment(line, written)),
                false => line = index + 1,
            }
        }
        all
    }

    fn comment(line: usize, written: &str) -> Self {
        let at = written.find('^').expect("carets");
        let rest = written[at..].trim_start_matches('^');
        let (lint, words) = rest.split_once(':').expect("a lint and words");
        let carets = written.len() - at - rest.len();
        let words = words.split(';').map(|word| word.trim().to_owned()).collect();
        Self { line, column: at + 1, carets, lint: lint.trim().to_owned(), words }
    }

    fn is(&self, finding: &Finding) -> bool {
        let text = finding.to_string();
        (finding.line, finding.column, finding.lint.name())
            == (self.line, self.column, self.lint.as_str())
            && text.lines().nth(2).is_some_and(|line| line.matches('^').count() == self.carets)
            && self.words.iter().all(|words| text.contains(words))
    }
}

/// Checks that a script of `lints/` has the findings that its comments name, and no others.
#[track_caller]
fn finds_what_comments_say(lint: Lint) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/lints/{}.rhai", lint.name()));
    let expected = Expected::read(&fs::read_to_string(&path).expect("a script"));
    let report = workshop().check(&[path]).expect("a script");
    let findings = &report.scripts[0].findings;
    for one in &expected {
        assert!(findings.iter().any(|finding| one.is(finding)), "{one:?} is not in\n{report}");
    }
    let others = findings.iter().filter(|finding| !expected.iter().any(|one| one.is(finding)));
    let others: Vec<_> = others.map(ToString::to_string).collect();
    assert!(others.is_empty(), "nobody expects\n{}", others.join("\n"));
    assert!(findings.iter().any(|finding| finding.lint == lint), "{report}");
}

#[test]
fn functions_that_look_like_hooks() {
    finds_what_comments_say(Lint::UnknownHook);
}

#[test]
fn functions_that_nothing_uses() {
    finds_what_comments_say(Lint::UnusedFunction);
}

#[test]
fn statements_that_nothing_comes_to() {
    finds_what_comments_say(Lint::Unreachable);
}

#[test]
fn conditions_that_depend_on_nothing() {
    finds_what_comments_say(Lint::ConstantCondition);
}

#[test]
fn answers_that_are_none() {
    finds_what_comments_say(Lint::UnknownVerdict);
}

#[test]
fn ways_that_end_without_an_answer() {
    finds_what_comments_say(Lint::NoVerdict);
}

#[test]
fn facts_that_do_not_exist() {
    finds_what_comments_say(Lint::UnknownFact);
}

#[test]
fn words_that_a_fact_never_is() {
    finds_what_comments_say(Lint::UnknownWord);
}

#[test]
fn functions_that_do_not_exist() {
    finds_what_comments_say(Lint::UnknownFunction);
}

#[test]
fn hooks_that_fail_for_some_facts() {
    finds_what_comments_say(Lint::Fails);
}

#[test]
fn hooks_that_nearly_take_too_much() {
    finds_what_comments_say(Lint::Costly);
}

#[test]
fn scripts_that_do_not_load() {
    let cases = [
        ("fn lag(session) {\n    'close'\n}", (2, 5)),
        ("fn lag(session) { clos }", (1, 19)),
        ("fn lag(a, b) { \"close\" }", (1, 14)),
        ("fn lag(session) { hours::at(1); \"close\" }", (1, 19)),
    ];
    for (script, place) in cases {
        let report = Desk::new().with("policy.rhai", script).check("policy.rhai");
        let [finding] = &report.scripts[0].findings[..] else { panic!("{script}: {report}") };
        assert_eq!((finding.lint, (finding.line, finding.column)), (Lint::Load, place), "{report}");
        assert!(!report.passes(false));
    }
}

#[test]
fn every_lint_is_shown_by_a_script() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lints");
    for lint in Lint::ALL.into_iter().filter(|lint| !matches!(lint, Lint::Load | Lint::NoHook)) {
        let name = format!("{}.rhai", lint.name());
        assert!(folder.join(&name).exists(), "{name}");
    }
}

#[test]
fn values_of_another_kind() {
    finds_what_comments_say(Lint::WrongKind);
}

#[test]
fn a_script_that_decides_nothing_is_an_error() {
    for text in ["", "// Nothing yet.", "fn night() { 22 }", "fn test_it() { assert(true); }"] {
        let report = Desk::new().with("policy.rhai", text).check("policy.rhai");
        let all = || report.scripts[0].findings.iter();
        assert!(!report.passes(false) && all().any(|one| one.lint == Lint::NoHook), "{report}");
    }
}

#[test]
fn what_a_module_offers_is_used() {
    let module = "fn offered() { 1 }\nprivate fn own() { 2 }\n";
    let report = Desk::new().with("lib/module.rhai", module).check("lib");
    let [finding] = &report.scripts[0].findings[..] else { panic!("{report}") };
    assert!(finding.message.contains("`own`"), "{report}");
}

#[test]
fn errors_fail_a_check_and_warnings_fail_a_strict_one() {
    let desk = Desk::new()
        .with("warned/policy.rhai", "fn lag(session) { \"close\" }\nfn night() { 22 }")
        .with("wrong/policy.rhai", "fn lag(session) { \"clse\" }");
    assert!(desk.check("warned").passes(false));
    assert!(!desk.check("warned").passes(true));
    assert!(!desk.check("wrong").passes(false));
}

#[test]
fn a_report_shows_each_place_with_carets() {
    let script = include_str!("checking/report.rhai");
    let desk = Desk::new().with("policy.rhai", script);
    let report = desk.read(&desk.check("policy.rhai"));
    assert_eq!(report, include_str!("checking/report.txt"), "{report}");
}

#[test]
fn a_right_script_has_no_findings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lints/nothing.rhai");
    let report = workshop().check(&[path]).expect("a script");
    assert!(report.passes(true), "{report}");
}
