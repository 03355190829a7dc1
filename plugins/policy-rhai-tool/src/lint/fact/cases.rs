//! The cases of a `switch`, which are written in the text alone: Rhai keeps only their hashes.

use rhai::Position;

use super::{Kind, Reader};

impl Reader<'_> {
    /// Looks at the strings among the cases of a `switch` over a value.
    pub(super) fn cases(&mut self, kind: Kind, place: Position) {
        let Some(line) = place.line() else { return };
        let found = strings(&self.draft.source.text, line, place.position().unwrap_or(1));
        for (text, line, column) in found {
            let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
            let place = Position::new(number(line), number(column));
            self.pair(kind, Kind::Text, (place, Some(&text)));
        }
    }
}

/// Lists the strings before `=>` right inside of the braces that follow a place.
fn strings(text: &str, line: usize, column: usize) -> Vec<(String, usize, usize)> {
    let mut scan = Scan::default();
    for (number, text) in (1..).zip(text.lines()).skip(line - 1) {
        let skip = if number == line { column.saturating_sub(1) } else { 0 };
        let chars: Vec<char> = text.chars().collect();
        if scan.line(&chars, skip, number) {
            break;
        }
    }
    scan.found
}

#[derive(Default)]
struct Scan {
    depth: usize,
    /// Tells whether what comes is a case, and not what it does.
    in_case: bool,
    waiting: Vec<(String, usize, usize)>,
    found: Vec<(String, usize, usize)>,
}

impl Scan {
    /// Reads a line; tells whether the `switch` ends on it.
    fn line(&mut self, chars: &[char], skip: usize, number: usize) -> bool {
        let mut at = skip;
        while let Some(c) = chars.get(at) {
            match (c, chars.get(at + 1)) {
                ('/', Some('/')) => break,
                ('"' | '`', _) => at = self.string(chars, at, number),
                // What follows is a condition.
                ('i', Some('f')) if is_word(chars, at) && self.depth == 1 => self.in_case = false,
                ('=', Some('>')) if self.depth == 1 => {
                    self.found.append(&mut self.waiting);
                    self.in_case = false;
                    at += 1;
                }
                (',', _) if self.depth == 1 => self.next(),
                ('{' | '(' | '[', _) => {
                    self.depth += 1;
                    if self.depth == 1 && *c == '{' {
                        self.next();
                    }
                }
                ('}' | ')' | ']', _) => {
                    self.depth = self.depth.saturating_sub(1);
                    if *c == '}' && self.depth == 0 {
                        return true;
                    }
                    // After a block no comma is needed.
                    if *c == '}' && self.depth == 1 {
                        self.next();
                    }
                }
                _ => {}
            }
            at += 1;
        }
        false
    }

    fn next(&mut self) {
        self.in_case = true;
        self.waiting.clear();
    }

    /// Reads a string, and returns where it ends.
    fn string(&mut self, chars: &[char], begin: usize, number: usize) -> usize {
        let mut end = begin + 1;
        while chars.get(end).is_some_and(|c| *c != chars[begin]) {
            end += if chars[end] == '\\' { 2 } else { 1 };
        }
        if self.depth == 1 && self.in_case {
            let text = chars[begin + 1..end.min(chars.len())].iter().collect();
            self.waiting.push((text, number, begin + 1));
        }
        end
    }
}

/// Tells whether the two characters at a place are a word of their own.
fn is_word(chars: &[char], at: usize) -> bool {
    let is_part = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    !is_part(at.checked_sub(1).and_then(|before| chars.get(before))) && !is_part(chars.get(at + 2))
}
