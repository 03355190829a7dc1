//! Names of commands and of what they take.

use super::NAME_MAX;
use crate::form::{Field, Form};

/// Reads the name of a command, of a typed one or of one that is picked from a menu.
pub(super) fn name(form: &Form<'_>, typed: bool) -> Option<String> {
    let name = form.field("name").required();
    if typed { word(&name) } else { name.name(1..=NAME_MAX) }
}

/// Reads the name of a typed command or of an option: `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]+$`,
/// in lower case where there is one.
///
/// Marks that belong to letters of other scripts are taken too, which Discord refuses.
pub(super) fn word(field: &Field<'_>) -> Option<String> {
    let name = field.text(1..=NAME_MAX)?;
    if name.chars().all(|char| fits(char) && char.to_lowercase().eq([char])) {
        return Some(name);
    }
    field.wrong("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    None
}

fn fits(char: char) -> bool {
    let letter = char.is_alphanumeric() && !is_enclosed(char);
    letter || is_marked(char) || matches!(char, '-' | '_' | '\'')
}

/// Letters of these two scripts, Devanagari and Thai, have marks that are no letters themselves.
const fn is_marked(char: char) -> bool {
    matches!(
        char,
        '\u{900}'..='\u{950}'
            | '\u{955}'..='\u{963}'
            | '\u{966}'..='\u{97f}'
            | '\u{a8e0}'..='\u{a8ff}'
            | '\u{11b00}'..='\u{11b09}'
            | '\u{e01}'..='\u{e3a}'
            | '\u{e40}'..='\u{e5b}'
    )
}

/// Letters in circles and squares are pictures.
const fn is_enclosed(char: char) -> bool {
    matches!(char, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn letters_and_digits_of_all_scripts_make_a_word() {
        for char in "az09-_'äßéжγ岁가ñ٣²ⅷ".chars() {
            assert!(fits(char), "{char:?}");
        }
        for char in "नमस्ते๋สวัสดี".chars() {
            assert!(fits(char), "{char:?}");
        }
        for char in " .,/!@#\u{b7}\u{964}\u{e3f}\u{1f980}ⓐ\u{200d}\n$".chars() {
            assert!(!fits(char), "{char:?}");
        }
    }
}
