//! Texts that others will read.

/// Takes out NUL, at which libraries in C would end a text.
#[must_use]
pub fn clean(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() }
}

/// Makes a name of a text: without control characters, and without blanks at its ends. What shows
/// nothing at all is the empty name.
#[must_use]
pub fn name(text: &str) -> String {
    let visible: String = text
        .chars()
        // Line breaks and tabs part words.
        .map(|char| if char.is_whitespace() { ' ' } else { char })
        .filter(|char| !char.is_control() && !is_override(*char))
        .collect();
    if is_blank(&visible) { String::new() } else { visible.trim().to_owned() }
}

/// Tells whether a text shows nothing.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|char| char.is_whitespace() || char.is_control() || is_invisible(char))
}

/// Cuts a text to so many characters.
#[must_use]
pub fn cut(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// Tells whether a text has more than so many characters, without counting all of a long one.
#[must_use]
pub fn is_longer(text: &str, max: usize) -> bool {
    // Bytes are an upper bound of characters, and counting them is free.
    text.len() > max && text.chars().nth(max).is_some()
}

/// Characters that turn the direction of what follows them, also of other people's names.
const fn is_override(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a picture: joiners, marks of direction, fillers, selectors and tags.
const fn is_invisible(char: char) -> bool {
    is_override(char)
        || matches!(
            char,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_show_something() {
        assert_eq!(name("  Anna\t Bea\u{7}\n"), "Anna  Bea");
        assert_eq!(name("\u{202e}annA"), "annA");
        for nothing in
            ["", "  ", "\t", "\0", "\u{200b}\u{200d}", "\u{3164}", " \u{feff} ", "\u{2800}"]
        {
            assert_eq!(name(nothing), "", "{nothing:?}");
            assert!(is_blank(nothing), "{nothing:?}");
        }
        // Joined emojis need what alone would be nothing.
        let family = "\u{1f468}\u{200d}\u{1f467}";
        assert_eq!(name(family), family);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 2), "äö");
        assert_eq!(cut("äöü", 3), "äöü");
        assert!(is_longer("äöü", 2) && !is_longer("äöü", 3));
        assert_eq!(clean("a\0b"), "ab");
    }
}
