//! Emojis of reactions and components.

use serde::{Deserialize, Serialize};

use crate::id::AnyId;

/// Letters of flags, each of which is an emoji of its own at Discord.
const LETTERS: std::ops::RangeInclusive<char> = '\u{1f1e6}'..='\u{1f1ff}';

/// An emoji of a reaction: a Unicode one has only a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Emoji {
    /// Custom emoji.
    #[serde(default)]
    pub id: Option<AnyId>,
    /// Name, or the characters of a Unicode emoji.
    pub name: Option<String>,
}

impl Emoji {
    /// Reads exactly one emoji of Unicode's list, with or without the selectors (U+FE0F) that its
    /// full form has; the answer has them.
    #[must_use]
    pub fn unicode(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let letter = chars.next().is_some_and(|char| LETTERS.contains(&char));
        let name = if letter && chars.next().is_none() {
            text
        } else {
            emojis::get(text).or_else(|| emojis::get(&plain(text)))?.as_str()
        };
        Some(Self { id: None, name: Some(name.to_owned()) })
    }

    /// Returns `name` or `name:id`, the form in addresses and in the store.
    #[must_use]
    pub fn key(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        self.id.map_or_else(|| name.to_owned(), |id| format!("{name}:{id}"))
    }

    /// Reads the form of [`Emoji::key`].
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        match key.rsplit_once(':').and_then(|(name, id)| Some((name, id.parse().ok()?))) {
            Some((name, id)) => Self { id: Some(id), name: Some(name.to_owned()) },
            None => Self { id: None, name: Some(key.to_owned()) },
        }
    }
}

/// Takes the selectors out, where a text is short enough for an emoji.
fn plain(text: &str) -> String {
    if text.len() > 64 { String::new() } else { text.replace('\u{fe0f}', "") }
}

#[cfg(test)]
mod tests {
    use super::Emoji;

    fn read(text: &str) -> Option<String> {
        Emoji::unicode(text).and_then(|emoji| emoji.name)
    }

    #[test]
    fn emojis_are_those_of_unicodes_list() {
        for emoji in [
            "\u{1f44d}",
            "\u{1f44d}\u{1f3fd}",
            "1\u{fe0f}\u{20e3}",
            "\u{1f1e9}\u{1f1ea}",
            "\u{1f1e6}",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
            "\u{1f9d1}\u{1f3fb}\u{200d}\u{1f91d}\u{200d}\u{1f9d1}\u{1f3ff}",
        ] {
            assert_eq!(read(emoji).as_deref(), Some(emoji), "{emoji:?}");
        }
        for other in [
            "",
            " ",
            "a",
            "1",
            "\u{65e5}\u{672c}",
            "\u{e9}",
            "hell\u{f6}",
            "\u{a0}",
            "\u{fe0f}",
            "\u{200d}",
            "\u{1f44d}\u{1f44d}",
            "\u{1f44d} ",
            "x\u{1f44d}",
            ":thumbsup:",
            "\u{1f1e9}\u{1f1e9}",
            "\u{1f1e9}x",
            "\u{20e3}",
        ] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }

    #[test]
    fn selectors_make_no_other_emoji() {
        for forms in [
            ["\u{2764}", "\u{2764}\u{fe0f}"],
            ["1\u{20e3}", "1\u{fe0f}\u{20e3}"],
            ["\u{1f3f3}\u{200d}\u{1f308}", "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}"],
            ["\u{1f44d}\u{fe0f}", "\u{1f44d}"],
        ] {
            assert!(read(forms[0]).is_some(), "{forms:?}");
            assert_eq!(read(forms[0]), read(forms[1]));
        }
    }
}
