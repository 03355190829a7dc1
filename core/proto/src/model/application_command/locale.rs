//! Texts in other languages, and the one that somebody is shown.

use std::collections::BTreeMap;

use serde_json::Value;

use super::DESCRIPTION_MAX;
use crate::form::{Field, Form};

/// Discord's languages, in order. See [Discord Docs/Locales].
///
/// [Discord Docs/Locales]: https://discord.com/developers/docs/reference#locales
pub const LOCALES: [&str; 34] = [
    "ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "he",
    "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE",
    "th", "tr", "uk", "vi", "zh-CN", "zh-TW",
];
/// Languages that stand in for others.
const FALLBACKS: [(&str, &str); 3] = [("en-US", "en-GB"), ("en-GB", "en-US"), ("es-419", "es-ES")];
/// Keys of texts in all languages, and of the one in one of them.
const TEXTS: [(&str, &str); 2] = [
    ("name_localizations", "name_localized"),
    ("description_localizations", "description_localized"),
];

/// Texts by their language.
pub type Locales = BTreeMap<String, String>;

/// Finds the language that a header names; of `Accept-Language` the first one that there is.
#[must_use]
pub fn locale(header: &str) -> Option<&'static str> {
    let tags = header.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
    let known = |tag: &str| LOCALES.into_iter().find(|known| known.eq_ignore_ascii_case(tag));
    tags.into_iter().find_map(known)
}

/// Reads texts by their language.
pub(super) fn texts(
    field: &Field<'_>,
    read: impl Fn(&Field<'_>) -> Option<String>,
) -> Option<Locales> {
    field.object(|form| {
        let mut texts = Locales::new();
        for key in form.keys() {
            if !LOCALES.contains(&key) {
                form.wrong("LOCALE_INVALID", "There is another key than Discord's languages.");
                break;
            }
            texts.extend(read(&form.field(key)).map(|text| (key.to_owned(), text)));
        }
        Some(texts)
    })
}

/// Reads the descriptions of a command or an option.
pub(super) fn descriptions(form: &Form<'_>) -> Option<Locales> {
    let field = form.field("description_localizations");
    texts(&field, |field| field.text(1..=DESCRIPTION_MAX))
}

/// Returns how many characters the longest of all texts has.
pub(super) fn longest(text: &str, others: Option<&Locales>) -> usize {
    let others = others.into_iter().flat_map(Locales::values).map(String::as_str);
    others.chain([text]).map(|text| text.chars().count()).max().unwrap_or_default()
}

/// Puts the text in one language in the place of all, here and in what is inside.
pub(super) fn localize(value: &mut Value, locale: &str) {
    let Some(object) = value.as_object_mut() else { return };
    for (all, one) in TEXTS {
        let texts = object.remove(all);
        let shown = texts.as_ref().and_then(|texts| shown(texts, locale));
        if let Some(text) = shown {
            object.insert(one.to_owned(), text.into());
        }
    }
    for key in ["options", "choices"] {
        let inside = object.get_mut(key).and_then(Value::as_array_mut);
        inside.into_iter().flatten().for_each(|item| localize(item, locale));
    }
}

fn shown<'a>(texts: &'a Value, locale: &str) -> Option<&'a str> {
    let fallback = FALLBACKS.iter().find(|(from, _)| *from == locale).map(|(_, to)| *to);
    [Some(locale), fallback].into_iter().flatten().find_map(|locale| texts[locale].as_str())
}

#[cfg(test)]
mod tests {
    use super::locale;

    #[test]
    fn the_first_language_that_there_is_is_taken() {
        assert_eq!(locale("de"), Some("de"));
        assert_eq!(locale("EN-gb"), Some("en-GB"));
        assert_eq!(locale("tlh, fr;q=0.9, en-US;q=0.8"), Some("fr"));
        for none in ["*", "", "tlh", ",;,", "de-"] {
            assert_eq!(locale(none), None, "{none}");
        }
    }
}
