//! Functions that look like hooks, and functions that nothing uses.

use std::collections::BTreeSet;

use throng_plugin_policy_rhai::Hook;
use throng_plugin_policy_rhai::trial::near::near;

use super::draft::{Draft, Function, calls};
use crate::finding::{Finding, Lint, head};

pub(super) fn findings(draft: &Draft<'_>) -> Vec<Finding> {
    let used = used(draft);
    let named = draft.functions.iter().filter(|one| !one.is_closure());
    named
        .filter_map(|function| match function.is_test() {
            true => test(draft, function),
            false => finding(draft, function, &used),
        })
        .collect()
}

/// Finds a test that nobody can run.
fn test(draft: &Draft<'_>, function: &Function) -> Option<Finding> {
    let place = head(draft.source, &function.name);
    (!function.parameters.is_empty() || function.is_private).then(|| {
        let message =
            format!("a test takes nothing and is not private, so `{}` never runs", function.name);
        let finding = Finding::at(draft.source, place, Lint::UnusedFunction, message);
        finding.advise(format!("write `fn {}()`", function.name))
    })
}

fn finding(draft: &Draft<'_>, function: &Function, used: &BTreeSet<&str>) -> Option<Finding> {
    let name = function.name.as_str();
    let found = |lint, message| {
        Some(Finding::at(draft.source, head(draft.source, &function.name), lint, message))
    };
    if let Some(hook) = hook(function).filter(|_| function.is_private) {
        let finding = found(Lint::UnknownHook, format!("`{name}` is private, so nobody asks it"));
        return finding.map(|finding| finding.advise(format!("write `fn {hook}`")));
    }
    if used.contains(name) {
        return None;
    }
    let meant = near(name, Hook::ALL.map(Hook::name)).and_then(Hook::named);
    if let Some(hook) = meant.filter(|_| !draft.is_module) {
        let finding = found(Lint::UnknownHook, format!("there is no hook `{name}`"));
        return finding.map(|finding| finding.advise(format!("did you mean `fn {hook}`?")));
    }
    let finding = found(Lint::UnusedFunction, format!("no hook and no test uses `{name}`"));
    finding.map(|finding| finding.advise("call it, or delete it"))
}

fn hook(function: &Function) -> Option<Hook> {
    let hook = Hook::named(&function.name)?;
    (hook.parameters().len() == function.parameters.len()).then_some(hook)
}

/// Lists functions that somebody calls, or whom they call, by name.
fn used<'a>(draft: &'a Draft<'_>) -> BTreeSet<&'a str> {
    let is_root = |function: &Function| {
        let offered = draft.is_module && !function.is_private;
        offered || function.is_test() || hook(function).is_some()
    };
    let roots = draft.functions.iter().filter(|function| is_root(function));
    let mut open: Vec<String> = roots.map(|function| function.name.clone()).collect();
    open.extend(calls(&draft.statements));
    let mut used = BTreeSet::new();
    while let Some(name) = open.pop() {
        for function in draft.functions.iter().filter(|function| function.name == name) {
            if used.insert(function.name.as_str()) {
                open.extend(function.calls());
            }
        }
    }
    used
}
