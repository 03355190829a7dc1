//! Parameters of commands.

use serde::Serialize;

use super::{DESCRIPTION_MAX, Locales, NAME_MAX, locales, word};
use crate::form::{Field, Form};

/// Options of a command or of an option, and choices of an option.
const OPTIONS_MAX: usize = 25;
/// Kinds with options of their own: a subcommand, and a group of those.
const SUBCOMMAND: u8 = 1;
const GROUP: u8 = 2;
const STRING: u8 = 3;
const INTEGER: u8 = 4;
const CHANNEL: u8 = 7;
const NUMBER: u8 = 10;
/// Whole numbers that a float holds exactly.
const SAFE: i64 = 1 << 53;

/// A parameter, a subcommand or a group of those.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommandOption {
    /// 1 to 11.
    #[serde(rename = "type")]
    pub kind: u8,
    /// As of a command.
    pub name: String,
    /// The same in other languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_localizations: Option<Locales>,
    /// 1 to 100 characters.
    pub description: String,
    /// The same in other languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description_localizations: Option<Locales>,
    /// Must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// What can be given, at most 25.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<CommandChoice>,
    /// What a subcommand or a group consists of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Self>,
    /// Kinds of channels that can be given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel_types: Vec<u8>,
    /// Least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_value: Option<Amount>,
    /// Largest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_value: Option<Amount>,
    /// Least length, at most 6000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u16>,
    /// Largest length, 1 to 6000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u16>,
    /// The application proposes what can be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autocomplete: Option<bool>,
}

/// Something that can be given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommandChoice {
    /// 1 to 100 characters.
    pub name: String,
    /// The same in other languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_localizations: Option<Locales>,
    /// What the application is told.
    pub value: Amount,
}

/// A value of a choice, or a bound.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Amount {
    /// A whole number.
    Whole(i64),
    /// Another number.
    Real(f64),
    /// A text.
    Text(String),
}

/// Reads the options of a command (`level` 0), a group or a subcommand.
pub(super) fn list(form: &Form<'_>, level: u8) -> Vec<CommandOption> {
    let options = form.field("options");
    let read = options.list(0..=OPTIONS_MAX, |item| item.object(|form| read(form, level)));
    read.unwrap_or_default()
}

fn read(form: &Form<'_>, level: u8) -> Option<CommandOption> {
    let kinds: &[i64] = match level {
        0 => &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        GROUP => &[1],
        _ => &[3, 4, 5, 6, 7, 8, 9, 10, 11],
    };
    let kind: u8 = form.field("type").required().number_of(kinds)?;
    let name = word(&form.field("name").required());
    let description = form.field("description").required().text(1..=DESCRIPTION_MAX);
    let number = |key| amount(&form.field(key), kind);
    let bounds = matches!(kind, INTEGER | NUMBER);
    Some(CommandOption {
        kind,
        name_localizations: locales(&form.field("name_localizations"), NAME_MAX),
        description_localizations: locales(
            &form.field("description_localizations"),
            DESCRIPTION_MAX,
        ),
        required: form.field("required").flag(),
        choices: choices(form, kind),
        options: if matches!(kind, SUBCOMMAND | GROUP) { list(form, kind) } else { Vec::new() },
        channel_types: if kind == CHANNEL { channel_types(form) } else { Vec::new() },
        min_value: if bounds { number("min_value") } else { None },
        max_value: if bounds { number("max_value") } else { None },
        min_length: if kind == STRING { form.field("min_length").number(0..=6000) } else { None },
        max_length: if kind == STRING { form.field("max_length").number(1..=6000) } else { None },
        autocomplete: form.field("autocomplete").flag(),
        name: name?,
        description: description?,
    })
}

fn channel_types(form: &Form<'_>) -> Vec<u8> {
    let kinds = &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16];
    let field = form.field("channel_types");
    field.list(0..=kinds.len(), |item| item.number_of(kinds)).unwrap_or_default()
}

fn choices(form: &Form<'_>, kind: u8) -> Vec<CommandChoice> {
    let field = form.field("choices");
    if !matches!(kind, STRING | INTEGER | NUMBER) {
        field.unserved();
        return Vec::new();
    }
    let choice = |form: &Form<'_>| {
        let name = form.field("name").required().text(1..=100);
        let value = amount(&form.field("value").required(), kind);
        Some(CommandChoice {
            name_localizations: locales(&form.field("name_localizations"), 100),
            name: name?,
            value: value?,
        })
    };
    field.list(0..=OPTIONS_MAX, |item| item.object(choice)).unwrap_or_default()
}

/// Reads a value of an option's kind.
fn amount(field: &Field<'_>, kind: u8) -> Option<Amount> {
    match kind {
        STRING => field.text(0..=6000).map(Amount::Text),
        INTEGER => field.number(-SAFE..=SAFE).map(Amount::Whole),
        _ => field.real(-9e15..=9e15).map(Amount::Real),
    }
}
