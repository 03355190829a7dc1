//! Rust as words and signs, without comments and texts.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// A name, a keyword or a number.
    Name(&'a str),
    /// `::`.
    Turn,
    /// Anything else.
    Sign(char),
}

/// Splits code into words.
#[must_use]
pub fn words(code: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (word, length) = next(rest, first);
        words.extend(word);
        rest = &rest[length..];
    }
    words
}

/// Returns the word that something begins with, if any, and its length.
fn next(rest: &str, first: char) -> (Option<Word<'_>>, usize) {
    if rest.starts_with("//") {
        return (None, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("::") {
        return (Some(Word::Turn), 2);
    }
    let raw = rest.strip_prefix('r').map(|after| after.trim_start_matches('#'));
    if let Some(text) = raw.and_then(|after| after.strip_prefix('"')) {
        let signs = rest.len() - text.len() - 2;
        let end = format!("\"{}", "#".repeat(signs));
        let length = text.find(&end).map_or(text.len(), |at| at + end.len());
        return (None, signs + 2 + length);
    }
    match first {
        '"' => (None, quoted(rest, '"')),
        '\'' => (None, character(rest)),
        letter if is_word(letter) => {
            let length = rest.find(|other| !is_word(other)).unwrap_or(rest.len());
            (Some(Word::Name(&rest[..length])), length)
        }
        space if space.is_whitespace() => (None, space.len_utf8()),
        sign => (Some(Word::Sign(sign)), sign.len_utf8()),
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Returns the length of a text with its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + quote.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    rest.len()
}

/// Returns the length of a character with its quotes, or of the sign of a lifetime.
fn character(rest: &str) -> usize {
    let mut letters = rest.chars().skip(1);
    match (letters.next(), letters.next()) {
        (Some('\\'), _) => quoted(rest, '\''),
        (Some(one), Some('\'')) => 2 + one.len_utf8(),
        _ => 1,
    }
}
