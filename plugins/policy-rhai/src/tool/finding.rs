//! What a check finds, where, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use rhai::Position;

use crate::source::Source;

/// What kind of mistake a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lint {
    /// The script cannot be loaded.
    Load,
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
    pub const ALL: [Self; 12] = [
        Self::Load,
        Self::UnknownHook,
        Self::UnknownFact,
        Self::UnknownFunction,
        Self::UnknownVerdict,
        Self::NoVerdict,
        Self::UnknownWord,
        Self::Fails,
        Self::Costly,
        Self::Unreachable,
        Self::ConstantCondition,
        Self::UnusedFunction,
    ];

    /// Returns the name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::UnknownHook => "unknown-hook",
            Self::UnknownFact => "unknown-fact",
            Self::UnknownFunction => "unknown-function",
            Self::UnknownVerdict => "unknown-verdict",
            Self::NoVerdict => "no-verdict",
            Self::UnknownWord => "unknown-word",
            Self::Fails => "fails",
            Self::Costly => "costly",
            Self::Unreachable => "unreachable",
            Self::ConstantCondition => "constant-condition",
            Self::UnusedFunction => "unused-function",
        }
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
            excerpt: text.map(|text| (text.to_owned(), width(text, column))),
        }
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
