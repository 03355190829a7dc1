//! What can be given for an option, and its bounds.

use serde::{Deserialize, Serialize};

use super::kind::{INTEGER, NUMBER, OPTIONS_MAX, STRING};
use super::{Locales, locale};
use crate::form::{Field, Form};

/// Characters of the name of a choice, and of its value where that is a text.
const CHOICE_MAX: usize = 100;
/// Whole numbers that a float tells from their neighbours.
const SAFE: i64 = (1 << 53) - 1;
/// Numbers that a float holds to the unit.
const REAL: f64 = 9_007_199_254_740_992.0;
/// Characters of a text that somebody types.
const LENGTH_MAX: i64 = 6_000;

/// Something that can be given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandChoice {
    /// 1 to 100 characters.
    pub name: String,
    /// The same in other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_localizations: Option<Locales>,
    /// What the application is told.
    pub value: Amount,
}

/// A value of a choice, or a bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// A whole number.
    Whole(i64),
    /// Another number.
    Real(f64),
    /// A text.
    Text(String),
}

impl Amount {
    fn is_above(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one > other,
            (Self::Real(one), Self::Real(other)) => one > other,
            _ => false,
        }
    }
}

/// Least and largest number, and length, that can be given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    pub(super) values: (Option<Amount>, Option<Amount>),
    pub(super) lengths: (Option<u16>, Option<u16>),
}

/// Reads what limits an option of a kind.
pub(super) fn bounds(form: &Form<'_>, kind: u8) -> Bounds {
    let mut bounds = Bounds::default();
    if matches!(kind, INTEGER | NUMBER) {
        let bound = |key| amount(&form.field(key), kind);
        bounds.values = (bound("min_value"), bound("max_value"));
    }
    if kind == STRING {
        let min = form.field("min_length").number(0..=LENGTH_MAX);
        bounds.lengths = (min, form.field("max_length").number(1..=LENGTH_MAX));
    }
    if let (Some(min), Some(max)) = &bounds.values
        && min.is_above(max)
    {
        form.field("max_value").wrong("NUMBER_TYPE_MIN", "Must not be below min_value.");
    }
    if let (Some(min), Some(max)) = bounds.lengths
        && min > max
    {
        form.field("max_length").wrong("NUMBER_TYPE_MIN", "Must not be below min_length.");
    }
    bounds
}

/// Reads the choices of an option, which must have names of their own.
pub(super) fn list(form: &Form<'_>, kind: u8) -> Vec<CommandChoice> {
    let field = form.field("choices");
    if !matches!(kind, STRING | INTEGER | NUMBER) {
        field.unserved();
        return Vec::new();
    }
    let mut names = Vec::new();
    let read = |form: &Form<'_>| {
        let choice = read(form, kind)?;
        if names.contains(&choice.name) {
            let code = "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS";
            form.field("name").wrong(code, "Choice names must be unique");
        }
        names.push(choice.name.clone());
        Some(choice)
    };
    let mut read = read;
    field.list(0..=OPTIONS_MAX, |item| item.object(&mut read)).unwrap_or_default()
}

fn read(form: &Form<'_>, kind: u8) -> Option<CommandChoice> {
    let name = form.field("name").required().text(1..=CHOICE_MAX);
    let value = amount(&form.field("value").required(), kind);
    let names = form.field("name_localizations");
    Some(CommandChoice {
        name_localizations: locale::texts(&names, |field| field.text(1..=CHOICE_MAX)),
        name: name?,
        value: value?,
    })
}

/// Reads a value of an option's kind.
fn amount(field: &Field<'_>, kind: u8) -> Option<Amount> {
    match kind {
        STRING => field.text(1..=CHOICE_MAX).map(Amount::Text),
        INTEGER => field.number(-SAFE..=SAFE).map(Amount::Whole),
        _ => field.real(-REAL..=REAL).map(Amount::Real),
    }
}
