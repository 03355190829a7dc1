//! What a check finds, where, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use rhai::Position;
use strum::{EnumCount, IntoStaticStr, VariantArray};
use throng_plugin_policy_rhai::{Hook, Source, without_mark};
use throng_ports::policy::PolicyFault;
use throng_proto::variants::every;

/// What kind of mistake a finding is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumCount, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Lint {
    /// The script cannot be loaded.
    Load,
    /// A script has no hook, so it decides nothing.
    NoHook,
    /// A function looks like a hook, but nobody asks it.
    UnknownHook,
    /// A fact does not exist, or not in this hook.
    UnknownFact,
    /// A function does not exist, or only while testing.
    UnknownFunction,
    /// A hook answers what it must not.
    UnknownVerdict,
    /// A hook ends without an answer.
    NoVerdict,
    /// A fact is compared with a word that it never is.
    UnknownWord,
    /// A hook fails for facts that are possible.
    Fails,
    /// A fact is compared with a value of another kind, which it never is.
    WrongKind,
    /// A hook takes more than it may, or nearly.
    Costly,
    /// Nothing ever comes to this place.
    Unreachable,
    /// A condition does not depend on anything.
    ConstantCondition,
    /// No hook and no test uses a function.
    UnusedFunction,
}

impl Lint {
    /// Every lint.
    pub const ALL: [Self; Self::COUNT] = every();

    /// Returns the name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Tells whether the policy would decide wrongly, or not at all.
    #[must_use]
    pub const fn is_error(self) -> bool {
        !matches!(
            self,
            Self::UnknownWord
                | Self::Costly
                | Self::Unreachable
                | Self::ConstantCondition
                | Self::UnusedFunction
        )
    }
}

/// One thing that a check finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of mistake it is.
    pub lint: Lint,
    /// File.
    pub file: PathBuf,
    /// Line, counted from 1; 0 when it is about the whole file.
    pub line: usize,
    /// Column, counted from 1; 0 when it is about the whole line.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do; empty when that is plain.
    pub advice: String,
    /// Hook whose answer it is about.
    hook: Option<Hook>,
    /// The line as it is in the file, and how many characters of it are meant.
    excerpt: Option<(String, usize)>,
}

impl Finding {
    /// Makes a finding about a place in a source.
    pub(super) fn at(
        source: &Source,
        place: Position,
        lint: Lint,
        message: impl Into<String>,
    ) -> Self {
        let (line, column) = (place.line().unwrap_or(0), place.position().unwrap_or(0));
        let text = line.checked_sub(1).and_then(|index| source.text.lines().nth(index));
        Self {
            lint,
            file: source.path.clone(),
            line,
            column,
            message: message.into(),
            advice: String::new(),
            hook: None,
            excerpt: text.map(|text| (text.to_owned(), width(text, column))),
        }
    }

    /// Makes a finding of what went wrong at run time, or of what cannot run at all.
    pub(super) fn of(fault: &PolicyFault, lint: Lint, message: impl Into<String>) -> Self {
        let path = PathBuf::from(&fault.file);
        let text = without_mark(std::fs::read_to_string(&path).unwrap_or_default());
        let part = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let place = match part(fault.line) {
            0 => Position::NONE,
            line => Position::new(line, part(fault.column)),
        };
        Self::at(&Source { path, text }, place, lint, message)
    }

    /// Tells whether what failed when a hook was asked is known from reading it.
    pub(super) fn is_within(&self, known: &[Self], hook: Hook) -> bool {
        let answers = |one: &Self| {
            matches!(one.lint, Lint::NoVerdict | Lint::UnknownVerdict) && one.hook == Some(hook)
        };
        let here =
            |one: &Self| one.lint.is_error() && (one.line, one.column) == (self.line, self.column);
        match self.lint {
            Lint::UnknownVerdict => known.iter().any(answers),
            Lint::Fails => known.iter().any(here),
            _ => false,
        }
    }

    /// Tells whether both are about the same place.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        (self.line, self.column) == (other.line, other.column)
    }

    /// Adds the hook whose answer it is about.
    pub(super) fn of_hook(mut self, hook: Hook) -> Self {
        self.hook = Some(hook);
        self
    }

    /// Adds what to do.
    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        for part in [self.line, self.column].into_iter().take_while(|part| *part > 0) {
            write!(f, ":{part}")?;
        }
        let severity = if self.lint.is_error() { "error" } else { "warning" };
        writeln!(f, ": {severity}: {} [{}]", self.message, self.lint.name())?;
        let margin = self.line.to_string().len();
        if let Some((text, width)) = &self.excerpt {
            writeln!(f, " {} | {text}", self.line)?;
            if let Some(before) = self.column.checked_sub(1) {
                // Tabs stay tabs, so that the carets stand under their characters.
                let pad = text.chars().take(before).map(|c| if c == '\t' { c } else { ' ' });
                let pad: String = pad.collect();
                writeln!(f, " {:margin$} | {pad}{}", "", "^".repeat(*width))?;
            }
        }
        if !self.advice.is_empty() {
            writeln!(f, " {:margin$} = {}", "", self.advice)?;
        }
        Ok(())
    }
}

/// Returns where the name of a function is written that a source defines.
pub(super) fn head(source: &Source, name: &str) -> Position {
    let head = format!("fn {name}");
    let code =
        source.text.lines().zip(1..).filter(|(line, _)| !line.trim_start().starts_with("//"));
    let mut found = code.filter_map(|(line, number)| {
        let end = line.find(&head)? + head.len();
        let is_whole = !line[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let column = line[..end].chars().count() - name.chars().count() + 1;
        is_whole.then(|| Position::new(number, u16::try_from(column).unwrap_or(u16::MAX)))
    });
    found.next().unwrap_or(Position::NONE)
}

/// Returns how many characters the word at a column has.
fn width(line: &str, column: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1)).collect();
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let length = match rest.first() {
        Some('"') => rest.iter().skip(1).position(|c| *c == '"').map_or(1, |end| end + 2),
        Some(first) if is_word(first) => rest.iter().take_while(|c| is_word(c)).count(),
        _ => 1,
    };
    length.max(1)
}
