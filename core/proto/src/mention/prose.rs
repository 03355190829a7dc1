//! What of a text is neither code nor escaped.

use std::collections::BTreeSet;

/// Ticks that begin and end a block of code.
const BLOCK: usize = 3;

/// Goes over the places of a text at which a mention may begin: at `<` and `@`, with the character
/// before. Each character is looked at a few times at most, whatever the text is.
#[derive(Debug)]
pub(super) struct Prose<'a> {
    text: &'a str,
    at: usize,
    /// Lengths of runs of ticks after which no run of the same length comes any more.
    unclosed: BTreeSet<usize>,
}

impl<'a> Prose<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self { text, at: 0, unclosed: BTreeSet::new() }
    }

    /// Passes over a run of ticks, and over the code that it begins, if that ends.
    fn pass_ticks(&mut self) {
        let ticks = run(&self.text[self.at..]);
        self.at += ticks;
        let kind = ticks.min(BLOCK);
        let length = if kind == BLOCK { BLOCK } else { ticks };
        if self.unclosed.contains(&length) {
            return;
        }
        match end(&self.text[self.at..], length) {
            Some(end) => self.at += end,
            None => _ = self.unclosed.insert(length),
        }
    }
}

impl<'a> Iterator for Prose<'a> {
    type Item = (Option<char>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at..)?;
            let skipped = rest.find(['\\', '`', '<', '@'])?;
            self.at += skipped;
            let rest = &self.text[self.at..];
            match rest.as_bytes()[0] {
                b'\\' => {
                    let escaped = rest[1..].chars().next().map_or(0, char::len_utf8);
                    self.at += 1 + escaped;
                }
                b'`' => self.pass_ticks(),
                _ => {
                    let before = self.text[..self.at].chars().next_back();
                    self.at += 1;
                    return Some((before, rest));
                }
            }
        }
    }
}

/// Counts the ticks at the beginning of a text.
fn run(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

/// Finds where code ends that begins before a text: behind the next run of as many ticks, or of at
/// least three for a block.
fn end(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = text[at..].find('`') {
        at += next;
        let found = run(&text[at..]);
        if found == ticks || ticks == BLOCK && found > BLOCK {
            return Some(at + found);
        }
        at += found;
    }
    None
}
