//! The numbers and strings that a script is written with: what it decides by is among them.

use std::collections::{BTreeMap, BTreeSet};

use throng_plugin_policy_rhai::fact::Fact;

/// Numbers and strings of each kind that are kept: more are no policy but data.
const KEPT_MAX: usize = 32;

/// Numbers and strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) numbers: BTreeSet<i64>,
    pub(super) texts: BTreeSet<String>,
}

impl Values {
    pub(super) fn number(&mut self, number: i64) {
        if self.numbers.len() < KEPT_MAX {
            self.numbers.insert(number);
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.texts.len() < KEPT_MAX {
            self.texts.insert(text.to_owned());
        }
    }

    /// Lists the numbers with their neighbours.
    pub(super) fn near(&self) -> BTreeSet<i64> {
        let near = |number: &i64| [number.saturating_sub(1), *number, number.saturating_add(1)];
        self.numbers.iter().flat_map(near).collect()
    }
}

/// The constants of a script: those that facts are compared with, and all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Constants {
    pub(super) compared: BTreeMap<Fact, Values>,
    pub(super) others: Values,
}

/// A line and a column, counted from 1.
pub(super) type Place = (usize, usize);

/// Reads the numbers and strings of a text, but for those at places that somebody knows already.
pub(super) fn read(text: &str, known: impl Fn(Place) -> bool, values: &mut Values) {
    for (number, line) in (1..).zip(text.lines()) {
        let chars: Vec<char> = line.chars().collect();
        let mut at = 0;
        while at < chars.len() && !(chars[at] == '/' && chars.get(at + 1) == Some(&'/')) {
            let end = token(&chars, at);
            if !known((number, at + 1)) {
                keep(&chars[at..end], values);
            }
            at = end;
        }
    }
}

/// Returns where a token ends; a word that holds digits is no number.
fn token(chars: &[char], at: usize) -> usize {
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    match chars[at] {
        quote @ ('"' | '`') => {
            let mut end = at + 1;
            while chars.get(end).is_some_and(|c| *c != quote) {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            (end + 1).min(chars.len())
        }
        c if is_word(&c) => at + chars[at..].iter().take_while(|c| is_word(c)).count(),
        _ => at + 1,
    }
}

fn keep(token: &[char], values: &mut Values) {
    let word: String = token.iter().filter(|c| **c != '_').collect();
    if let Ok(number) = word.parse() {
        values.number(number);
    } else if token.len() >= 2 && token[0] == '"' {
        values.text(&token[1..token.len() - 1].iter().collect::<String>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_are_read_wherever_they_stand_but_in_comments() {
        let mut values = Values::default();
        let text = "if a1 > 250_000 && x == \"win\\\"dows\" { // 7 \"no\"\n\
                    switch y { 5 => \"é\", _ => 0..9 }";
        read(text, |place| place == (1, 9), &mut values);
        assert_eq!(values.numbers, [0, 5, 9].into());
        assert_eq!(values.texts, ["win\\\"dows".to_owned(), "é".to_owned()].into());
        assert_eq!(values.near().len(), 9);
    }
}
