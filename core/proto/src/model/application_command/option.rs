//! Parameters of commands.

use serde::{Deserialize, Serialize};

use super::choice::{self, Amount, CommandChoice};
use super::kind::{CHANNEL, GROUP, INTEGER, NUMBER, OPTIONS_MAX, STRING, SUBCOMMAND};
use super::{DESCRIPTION_MAX, Locales, locale, word};
use crate::form::Form;

/// A parameter, a subcommand or a group of those.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandOption {
    /// 1 to 11.
    #[serde(rename = "type")]
    pub kind: u8,
    /// As of a command.
    pub name: String,
    /// The same in other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_localizations: Option<Locales>,
    /// 1 to 100 characters.
    pub description: String,
    /// The same in other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_localizations: Option<Locales>,
    /// Must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// What can be given, at most 25.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<CommandChoice>,
    /// What a subcommand or a group consists of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Self>,
    /// Kinds of channels that can be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channel_types: Vec<u8>,
    /// Least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_value: Option<Amount>,
    /// Largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_value: Option<Amount>,
    /// Least length, at most 6000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u16>,
    /// Largest length, 1 to 6000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u16>,
    /// The application proposes what can be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autocomplete: Option<bool>,
}

impl CommandOption {
    const fn is_branch(&self) -> bool {
        matches!(self.kind, SUBCOMMAND | GROUP)
    }

    /// Tells whether somebody would read the same name for both, in any one language.
    fn is_namesake(&self, other: &Self) -> bool {
        self.name == other.name || self.is_taken_for(other) || other.is_taken_for(self)
    }

    fn is_taken_for(&self, other: &Self) -> bool {
        let names = self.name_localizations.iter().flatten();
        let others = other.name_localizations.as_ref();
        names.into_iter().any(|(locale, name)| {
            *name == other.name || others.and_then(|others| others.get(locale)) == Some(name)
        })
    }
}

/// Reads the options of a command (`level` 0), a group or a subcommand.
///
/// They have names of their own, those that must be given come first, and subcommands and groups
/// stand beside nothing else.
pub(super) fn list(form: &Form<'_>, level: u8) -> Vec<CommandOption> {
    let field = form.field("options");
    let mut before: Vec<CommandOption> = Vec::new();
    let read = field.list(0..=OPTIONS_MAX, |item| {
        let option = item.object(|form| {
            let option = read(form, level)?;
            if before.iter().any(|other| other.is_namesake(&option)) {
                let code = "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS";
                form.field("name").wrong(code, "Option names must be unique");
            }
            Some(option)
        })?;
        let late = before.iter().any(|other| other.required != Some(true));
        if option.required == Some(true) && late {
            let message = "Required options must be placed before non-required options";
            item.wrong("APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
        }
        before.push(option);
        Some(())
    });
    let branches = before.iter().filter(|option| option.is_branch()).count();
    if read.is_some() && branches > 0 && branches < before.len() {
        let message = "Sub-command and sub-command group option types are mutually exclusive to \
                       all other types";
        field.wrong("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
    }
    before
}

fn read(form: &Form<'_>, level: u8) -> Option<CommandOption> {
    let kinds: &[i64] = match level {
        0 => &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        GROUP => &[1],
        _ => &[3, 4, 5, 6, 7, 8, 9, 10, 11],
    };
    let kind: u8 = form.field("type").required().number_of(kinds)?;
    let branch = matches!(kind, SUBCOMMAND | GROUP);
    let name = word::name(form, true);
    let names = form.field("name_localizations");
    let description = form.field("description").required().text(1..=DESCRIPTION_MAX);
    if !branch {
        form.unserved(&["options"]);
    }
    let choices = choice::list(form, kind);
    let bounds = choice::bounds(form, kind);
    Some(CommandOption {
        kind,
        name_localizations: locale::texts(&names, word::word),
        description_localizations: locale::descriptions(form),
        required: if branch { None } else { form.field("required").flag() },
        autocomplete: autocomplete(form, kind, !choices.is_empty()),
        choices,
        options: if branch { list(form, kind) } else { Vec::new() },
        channel_types: if kind == CHANNEL { channel_types(form) } else { Vec::new() },
        min_value: bounds.values.0,
        max_value: bounds.values.1,
        min_length: bounds.lengths.0,
        max_length: bounds.lengths.1,
        name: name?,
        description: description?,
    })
}

/// Reads whether the application proposes something, which it cannot where choices are all.
fn autocomplete(form: &Form<'_>, kind: u8, has_choices: bool) -> Option<bool> {
    let field = form.field("autocomplete");
    if !matches!(kind, STRING | INTEGER | NUMBER) {
        field.unserved();
        return None;
    }
    let given = field.flag();
    if given == Some(true) && has_choices {
        let code = "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID";
        field.wrong(code, "autocomplete may not be set to true if choices are present");
    }
    given
}

fn channel_types(form: &Form<'_>) -> Vec<u8> {
    let kinds = &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16];
    let field = form.field("channel_types");
    field.list(0..=kinds.len(), |item| item.number_of(kinds)).unwrap_or_default()
}
