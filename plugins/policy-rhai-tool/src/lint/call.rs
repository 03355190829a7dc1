//! Calls of functions that do not exist, or only while testing.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};
use throng_plugin_policy_rhai::trial::near::near;

use super::draft::{Draft, each};
use crate::finding::{Finding, Lint};

/// Functions that the language itself has.
const LANGUAGE: [&str; 5] = ["Fn", "call", "is_def_fn", "is_def_var", "type_of"];

pub(super) fn findings(draft: &Draft<'_>) -> Vec<Finding> {
    let asked = asked(draft);
    let mut findings = Vec::new();
    for function in &draft.functions {
        // A closure is where it is written, so a test before it may be what it is part of.
        let within = draft
            .functions
            .iter()
            .rfind(|outer| !outer.is_closure() && outer.span.0 <= function.span.0);
        let tests = within.is_some_and(|outer| !asked.contains(outer.name.as_str()));
        each(&function.body, &mut |node| match node {
            ASTNode::Stmt(Stmt::FnCall(call, place)) | ASTNode::Expr(Expr::FnCall(call, place)) => {
                findings.extend(check(draft, call, *place, tests));
            }
            ASTNode::Expr(Expr::MethodCall(call, place)) => {
                findings.extend(method(draft, call, *place));
            }
            _ => {}
        });
    }
    findings
}

/// Lists functions that run when somebody asks the policy, and not only when it is tested.
fn asked(draft: &Draft<'_>) -> BTreeSet<String> {
    let mut open: Vec<String> = match draft.is_module {
        true => draft.functions.iter().map(|function| function.name.clone()).collect(),
        false => draft.hooks().map(|(hook, _)| hook.name().to_owned()).collect(),
    };
    open.retain(|name| !name.starts_with("test_"));
    let mut asked = BTreeSet::new();
    while let Some(name) = open.pop() {
        if asked.insert(name.clone()) {
            let named = draft.functions.iter().filter(|function| function.name == name);
            open.extend(named.flat_map(|function| function.calls()));
        }
    }
    asked
}

fn check(draft: &Draft<'_>, call: &FnCallExpr, place: Position, tests: bool) -> Option<Finding> {
    let (name, count) = (call.name.as_str(), call.args.len());
    if call.is_operator_call() || LANGUAGE.contains(&name) {
        return None;
    }
    if call.is_qualified() {
        return qualified(draft, call, place);
    }
    let signature = (name.to_owned(), count);
    if draft.function(name, count).is_some() || draft.natives.contains(&signature) {
        return None;
    }
    if Draft::is_prop(name, count) {
        let message = format!("`{name}` is there in tests only");
        let finding = Finding::at(draft.source, place, Lint::UnknownFunction, message);
        return (!tests).then(|| finding.advise("move it into a function `test_…`"));
    }
    let own = draft.functions.iter().map(|function| (&function.name, function.parameters.len()));
    let natives = draft.natives.iter().map(|(name, count)| (name, *count));
    let all: BTreeSet<_> = own.chain(natives).collect();
    let message = format!("no function `{name}` takes {}", arguments(count));
    let finding = Finding::at(draft.source, place, Lint::UnknownFunction, message);
    Some(finding.advise(advice(name, &all)))
}

fn qualified(draft: &Draft<'_>, call: &FnCallExpr, place: Position) -> Option<Finding> {
    let (alias, name, count) = (call.namespace.root(), call.name.as_str(), call.args.len());
    // A module that is not imported does not compile.
    let offers = draft.modules.get(alias)?;
    if offers.contains(&(name.to_owned(), count)) {
        return None;
    }
    let all = offers.iter().map(|(name, count)| (name, *count)).collect();
    let message = format!("`{alias}` has no function `{name}` that takes {}", arguments(count));
    let finding = Finding::at(draft.source, place, Lint::UnknownFunction, message);
    Some(finding.advise(advice(name, &all)))
}

/// Methods may be those of closures in maps, so only what looks like a slip is one.
fn method(draft: &Draft<'_>, call: &FnCallExpr, place: Position) -> Option<Finding> {
    let name = call.name.as_str();
    let is_known = draft.natives.iter().any(|(native, _)| native == name)
        || draft.functions.iter().any(|function| function.name == name);
    if is_known || LANGUAGE.contains(&name) {
        return None;
    }
    let meant = near(name, draft.natives.iter().map(|(native, _)| native.as_str()))?;
    let message = format!("no value has a function `{name}`");
    let finding = Finding::at(draft.source, place, Lint::UnknownFunction, message);
    Some(finding.advise(format!("did you mean `{meant}`?")))
}

fn advice(name: &str, all: &BTreeSet<(&String, usize)>) -> String {
    let known = near(name, all.iter().map(|(name, _)| name.as_str()));
    let Some(known) = known else {
        return "write it, or import the module that has it".to_owned();
    };
    let counts = all.iter().filter(|(name, _)| *name == known).map(|(_, count)| *count);
    let counts: Vec<_> = counts.map(arguments).collect();
    if known == name {
        format!("it takes {}", counts.join(" or "))
    } else {
        format!("did you mean `{known}`, which takes {}?", counts.join(" or "))
    }
}

fn arguments(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        more => format!("{more} arguments"),
    }
}
