//! Where an error is: in the script or in a module, at which line.

use std::collections::BTreeMap;

use rhai::{EvalAltResult, ParseErrorType, Position};
use throng_ports::policy::PolicyFault;

use crate::source::Source;

type Modules = BTreeMap<String, Source>;

/// Describes an error at the innermost place that is known.
pub(super) fn fault(script: &Source, modules: &Modules, error: EvalAltResult) -> PolicyFault {
    descend(script, modules, error, (script, Position::NONE))
}

fn descend(
    script: &Source,
    modules: &Modules,
    mut error: EvalAltResult,
    outer: (&Source, Position),
) -> PolicyFault {
    let own = error.take_position();
    match error {
        EvalAltResult::ErrorInModule(path, inner, _) => {
            // Rhai does not tell where a script imports; its first mention is near enough.
            let mention = if own.is_none() { mention(outer.0, &path) } else { own };
            match modules.get(&path) {
                Some(module) => descend(script, modules, *inner, (module, Position::NONE)),
                None => descend(script, modules, *inner, (outer.0, mention)),
            }
        }
        EvalAltResult::ErrorInFunctionCall(_, source, inner, _) => {
            let source = modules.get(&source).unwrap_or(script);
            let place = if own.is_none() { outer } else { (outer.0, own) };
            let known = !innermost(&inner).is_none();
            descend(script, modules, *inner, if known { (source, Position::NONE) } else { place })
        }
        other => {
            let place = if own.is_none() { outer.1 } else { own };
            let hint = hint(outer.0, &other).unwrap_or_default();
            outer.0.fault(place, format!("{}{hint}", text(&other)))
        }
    }
}

fn innermost(error: &EvalAltResult) -> Position {
    error.unwrap_inner().position()
}

/// Returns what an error says, without its kind where that says nothing.
fn text(error: &EvalAltResult) -> String {
    match error {
        EvalAltResult::ErrorRuntime(value, _) if value.is_string() => value.to_string(),
        EvalAltResult::ErrorRuntime(value, _) => format!("the script threw {value}"),
        EvalAltResult::ErrorParsing(kind, _) => kind.to_string(),
        other => other.to_string(),
    }
}

/// Says how functions read constants, which they do not see by their name alone.
fn hint(source: &Source, error: &EvalAltResult) -> Option<String> {
    let (EvalAltResult::ErrorParsing(ParseErrorType::VariableUndefined(name), _)
    | EvalAltResult::ErrorVariableNotFound(name, _)) = error
    else {
        return None;
    };
    let defines = |word: &str| {
        source.text.lines().any(|line| {
            let rest = line.trim_start().trim_start_matches("export ").strip_prefix(word);
            let rest = rest.and_then(|rest| rest.trim_start().strip_prefix(name.as_str()));
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    };
    if defines("const ") {
        return Some(format!("; in a function, a constant is `global::{name}`"));
    }
    defines("let ").then(|| {
        let instead = format!("write `const {name}`, and read it as `global::{name}`");
        format!("; functions see no variables outside of them: {instead}")
    })
}

fn mention(source: &Source, path: &str) -> Position {
    let quoted = [format!("\"{path}\""), format!("`{path}`")];
    let lines = source.text.lines().zip(1..=u16::MAX);
    let mut found = lines.filter_map(|(line, number)| {
        let at = quoted.iter().find_map(|needle| line.find(needle))?;
        let column = line[..at].chars().count() + 1;
        Some(Position::new(number, u16::try_from(column).unwrap_or(u16::MAX)))
    });
    found.next().unwrap_or(Position::NONE)
}
