//! How large a command is as a whole.

use super::locale::{Locales, longest};
use super::{Amount, ApplicationCommand, CommandChoice, CommandOption};
use crate::form::Form;

/// Characters of the names, descriptions and values of a command; of texts in several languages the
/// longest counts.
const CHARS_MAX: usize = 8_000;

/// Refuses a command that is too large.
pub(super) fn check(form: &Form<'_>, command: &ApplicationCommand) {
    if CHARS.command(command) > CHARS_MAX {
        let message = format!("Command exceeds maximum size ({CHARS_MAX})");
        form.wrong("APPLICATION_COMMAND_TOO_LARGE", message);
    }
}

/// Returns about how many bytes a command takes as JSON, texts in all languages among them.
pub(super) fn bytes(command: &ApplicationCommand) -> usize {
    BYTES.command(command)
}

/// A way to measure.
struct Scale {
    /// What a text counts, with the same in other languages.
    text: fn(&str, Option<&Locales>) -> usize,
    /// What each object counts beside its texts.
    object: usize,
}

const CHARS: Scale = Scale { text: longest, object: 0 };
/// The keys of a command have 200 bytes, those of a choice 20.
const BYTES: Scale = Scale { text: all, object: 64 };

fn all(text: &str, others: Option<&Locales>) -> usize {
    let others = others.into_iter().flatten();
    text.len() + others.map(|(key, text)| key.len() + text.len() + 6).sum::<usize>()
}

impl Scale {
    fn command(&self, command: &ApplicationCommand) -> usize {
        self.object
            + (self.text)(&command.name, command.name_localizations.as_ref())
            + (self.text)(&command.description, command.description_localizations.as_ref())
            + self.options(&command.options)
    }

    fn options(&self, options: &[CommandOption]) -> usize {
        options.iter().map(|option| self.option(option)).sum()
    }

    fn option(&self, option: &CommandOption) -> usize {
        self.object
            + (self.text)(&option.name, option.name_localizations.as_ref())
            + (self.text)(&option.description, option.description_localizations.as_ref())
            + option.choices.iter().map(|choice| self.choice(choice)).sum::<usize>()
            + self.options(&option.options)
    }

    fn choice(&self, choice: &CommandChoice) -> usize {
        let value = match &choice.value {
            Amount::Whole(number) => number.to_string().len(),
            Amount::Real(number) => number.to_string().len(),
            Amount::Text(text) => (self.text)(text, None),
        };
        self.object + (self.text)(&choice.name, choice.name_localizations.as_ref()) + value
    }
}
