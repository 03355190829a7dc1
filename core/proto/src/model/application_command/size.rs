//! How large a command is as a whole.

use super::locale::longest;
use super::{Amount, ApplicationCommand, CommandChoice, CommandOption, Locales};
use crate::form::Form;

/// Characters of the names, descriptions and values of a command; of texts in several languages the
/// longest counts.
const CHARS_MAX: usize = 8_000;

/// Refuses a command that is too large.
pub(super) fn check(form: &Form<'_>, command: &ApplicationCommand) {
    let own = texts(
        (&command.name, command.name_localizations.as_ref()),
        (&command.description, command.description_localizations.as_ref()),
    );
    if own + options(&command.options) > CHARS_MAX {
        let message = format!("Command exceeds maximum size ({CHARS_MAX})");
        form.wrong("APPLICATION_COMMAND_TOO_LARGE", message);
    }
}

type Text<'a> = (&'a str, Option<&'a Locales>);

fn texts(name: Text<'_>, description: Text<'_>) -> usize {
    longest(name.0, name.1) + longest(description.0, description.1)
}

fn options(all: &[CommandOption]) -> usize {
    all.iter().map(option).sum()
}

fn option(option: &CommandOption) -> usize {
    let own = texts(
        (&option.name, option.name_localizations.as_ref()),
        (&option.description, option.description_localizations.as_ref()),
    );
    own + option.choices.iter().map(choice).sum::<usize>() + options(&option.options)
}

fn choice(choice: &CommandChoice) -> usize {
    let value = match &choice.value {
        Amount::Whole(number) => number.to_string().len(),
        Amount::Real(number) => number.to_string().len(),
        Amount::Text(text) => text.chars().count(),
    };
    longest(&choice.name, choice.name_localizations.as_ref()) + value
}
