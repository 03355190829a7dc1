//! Cases beside a script: what a hook is given, and what it must answer.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rhai::{Dynamic, Map, Position};
use serde::Deserialize;
use throng_engine::policy::{Connect, Publish};
use throng_ports::policy::PolicyFault;
use toml::Spanned;

use super::given::{Given, GivenError, Scene};
use crate::hook::Hook;
use crate::source::Source;
use crate::verdict::{Decision, RETRY_DEFAULT, Terms, Verdict, parse};

/// A question with the answer that is right.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) hook: Hook,
    /// Line where it begins.
    pub(super) line: usize,
    /// Facts as they are written, such as `session.afk = true`.
    pub(super) facts: Vec<String>,
    pub(super) scene: Scene,
    expect: Dynamic,
}

/// A case that says nothing that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) name: String,
    /// Line where it begins.
    pub(super) line: usize,
    pub(super) fault: PolicyFault,
}

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    case: Vec<Spanned<BTreeMap<String, Dynamic>>>,
}

/// Returns where the cases of a script are.
pub(super) fn path(script: &Path) -> std::path::PathBuf {
    script.with_extension("toml")
}

/// Reads the cases of a file; what is wrong with one is wrong with it alone.
///
/// # Errors
///
/// It is not TOML, or something else than cases.
pub(super) fn read(source: &Source) -> Result<Vec<Result<Case, Broken>>, PolicyFault> {
    let document: Document = toml::from_str(&source.text).map_err(|error| {
        let place = error.span().map_or(Position::NONE, |span| place(&source.text, span.start));
        source.fault(place, error.message())
    })?;
    let cases = document.case.into_iter();
    Ok(cases.map(|written| case(source, written)).collect())
}

fn case(source: &Source, written: Spanned<BTreeMap<String, Dynamic>>) -> Result<Case, Broken> {
    let begin = place(&source.text, written.span().start);
    let line = begin.line().unwrap_or(0);
    let mut tables = written.into_inner();
    let name = tables.remove("name");
    let broken = |error: GivenError| Broken {
        name: name.as_ref().map_or_else(|| "a case without a name".to_owned(), ToString::to_string),
        line,
        fault: source.fault(key_place(source, line, error.key()), error.to_string()),
    };
    let mut take = |key: &str| {
        let missing = || GivenError::new(format!("a case needs `{key}`"));
        tables.remove(key).ok_or_else(missing).map_err(broken)
    };
    let (hook, expect) = (take("hook")?, take("expect")?);
    let Some(name) = &name else {
        return Err(broken(GivenError::new("a case needs `name`".to_owned())));
    };
    let facts = tables.iter().flat_map(|(table, facts)| written_as(table, facts)).collect();
    let rest: Map = tables.into_iter().map(|(key, value)| (key.into(), value)).collect();
    let scene = rhai::serde::from_dynamic::<Given>(&rest.into())
        .map_err(|error| GivenError::new(error.to_string()))
        .and_then(|given| given.scene());
    let no_hook = || {
        let hooks = Hook::ALL.map(Hook::name).join(", ");
        GivenError::new(format!("there is no hook `{hook}`; there are {hooks}")).at("hook")
    };
    Ok(Case {
        name: name.to_string(),
        hook: Hook::named(&hook.to_string()).ok_or_else(no_hook).map_err(broken)?,
        line,
        facts,
        scene: scene.map_err(broken)?,
        expect,
    })
}

/// Finds where a key of a case is written, from the line on at which the case begins.
fn key_place(source: &Source, line: usize, key: &str) -> Position {
    let key = key.rsplit('.').next().unwrap_or_default();
    let number = |line: usize| u16::try_from(line).unwrap_or(u16::MAX);
    let begin = Position::new(number(line.max(1)), 1);
    if key.is_empty() {
        return begin;
    }
    let lines = source.text.lines().zip(1..).skip(line.saturating_sub(1)).enumerate();
    let own = lines.take_while(|(at, (text, _))| *at == 0 || !text.trim_start().starts_with("[["));
    let mut found = own.filter_map(|(_, (text, line))| {
        let column = word(text, key)?;
        Some(Position::new(number(line), number(column)))
    });
    found.next().unwrap_or(begin)
}

/// Returns the column of a key in a line.
fn word(text: &str, key: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut all = text.match_indices(key);
    let (at, _) = all.find(|(at, _)| {
        let after = text[at + key.len()..].trim_start_matches(['"', '\'', ' ']);
        !text[..*at].ends_with(is_part) && after.starts_with('=')
    })?;
    Some(text[..at].chars().count() + 1)
}

/// Writes a table of facts, one a line.
fn written_as(table: &str, facts: &Dynamic) -> Vec<String> {
    match facts.read_lock::<Map>() {
        Some(facts) => {
            facts.iter().map(|(name, value)| format!("{table}.{name} = {value:?}")).collect()
        }
        None => vec![format!("{table} = {facts:?}")],
    }
}

fn place(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line = u16::try_from(before.matches('\n').count() + 1).unwrap_or(u16::MAX);
    Position::new(line, 1)
}

impl Case {
    /// Tells whether a verdict is right, or what it should be.
    ///
    /// # Errors
    ///
    /// What the case expects is no verdict of its hook.
    pub(super) fn judge(
        &self,
        source: &Source,
        terms: Terms<'_>,
        got: &Verdict,
    ) -> Result<Option<Verdict>, PolicyFault> {
        let wrong = |message: String| {
            source.fault(Position::new(u16::try_from(self.line).unwrap_or(u16::MAX), 1), message)
        };
        let (answer, any_time) = self.answer().map_err(|error| wrong(error.to_string()))?;
        let expected = parse(self.hook, answer, terms).map_err(|mistake| {
            wrong(format!("`expect` is no verdict of `{}`: {mistake}", self.hook.name()))
        })?;
        let right = expected == *got || any_time && same_refusal(&expected, got);
        Ok((!right).then_some(expected))
    }

    /// Returns the answer that a script would give, and whether any time to wait is right.
    fn answer(&self) -> Result<(Dynamic, bool), GivenError> {
        let expect = self.expect.clone();
        if !matches!(self.hook, Hook::Connect | Hook::Publish) {
            return Ok((expect, false));
        }
        let accepts = ["admit", "allow"].iter().any(|word| expect.to_string() == *word);
        if accepts {
            return Ok((Dynamic::from(Decision::Accept), false));
        }
        let refusal: Refusal = rhai::serde::from_dynamic(&expect).map_err(|_| {
            let expected = "`expect` is \"admit\", \"allow\" or { refuse = \"why\" }";
            GivenError::new(expected.to_owned())
        })?;
        let retry_after = refusal.seconds.map_or(RETRY_DEFAULT, Duration::from_secs);
        let decision = Decision::Refuse { reason: refusal.refuse, retry_after };
        Ok((Dynamic::from(decision), refusal.seconds.is_none()))
    }
}

/// A refusal as cases write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    refuse: String,
    seconds: Option<u64>,
}

fn same_refusal(left: &Verdict, right: &Verdict) -> bool {
    match (left, right) {
        (
            Verdict::Connect(Connect::Refuse { reason: left, .. }),
            Verdict::Connect(Connect::Refuse { reason: right, .. }),
        )
        | (Verdict::Publish(Publish::Refuse(left)), Verdict::Publish(Publish::Refuse(right))) => {
            left == right
        }
        _ => false,
    }
}
