//! What people press and choose from.

use serde::Serialize;

use super::emoji;
use super::reader::Reader;
use crate::form::{Field, Form, FromForm, Urls};
use crate::id::AnyId;
use crate::model::constant::Number;
use crate::model::{ChannelKind, Emoji};

/// Style of a button that leads to an address.
const LINK: u8 = 5;
/// Choices of a menu, and those that may be chosen together.
const CHOICES_MAX: usize = 25;

/// What stands in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Control {
    /// A button.
    Button(Button),
    /// A menu.
    Select(Select),
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    #[serde(rename = "type")]
    pub(super) kind: Number<2>,
    /// Number in the message.
    pub id: i32,
    /// 1 to 5; 5 leads to an address.
    pub style: u8,
    /// At most 80 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Before the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<ButtonEmoji>,
    /// What its author knows it by; absent where it leads to an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_id: Option<String>,
    /// Where it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Cannot be pressed.
    pub disabled: bool,
}

/// An emoji as components show it: by its name alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ButtonEmoji {
    /// Characters.
    pub name: String,
}

impl ButtonEmoji {
    fn read(field: &Field<'_>) -> Option<Self> {
        let Emoji { name, .. } = emoji(field)?;
        Some(Self { name: name? })
    }
}

/// A menu of strings (type 3), users, roles, both or channels (5 to 8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Select {
    /// 3, or 5 to 8.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Number in the message.
    pub id: i32,
    /// What its author knows it by.
    pub custom_id: String,
    /// At most 150 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    /// 0 to 25.
    pub min_values: u8,
    /// 1 to 25.
    pub max_values: u8,
    /// Cannot be opened.
    pub disabled: bool,
    /// 1 to 25, of a menu of strings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// What is chosen at first, in the other menus.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_values: Vec<Preset>,
    /// Kinds of channels to choose from, in a menu of channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel_types: Vec<ChannelKind>,
}

/// A choice of a menu of strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// 1 to 100 characters.
    pub label: String,
    /// What its author knows it by, 1 to 100 characters.
    pub value: String,
    /// At most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Before the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<ButtonEmoji>,
    /// Chosen at first.
    pub default: bool,
}

/// Somebody or something that is chosen at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Preset {
    /// Snowflake.
    pub id: AnyId,
    /// `user`, `role` or `channel`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

impl Control {
    /// Tells how much of a row's five places it takes.
    pub(super) const fn width(&self) -> usize {
        match self {
            Self::Button(_) => 1,
            Self::Select(_) => 5,
        }
    }

    /// Reads what stands in a row.
    pub(super) fn read(reader: &Reader, field: &Field<'_>) -> Option<Self> {
        field.object(|form| match reader.one_of(form, &[2, 3, 5, 6, 7, 8])? {
            2 => Button::read(reader, form).map(Self::Button),
            kind => Select::read(reader, form, kind).map(Self::Select),
        })
    }

    pub(super) const fn id(&mut self) -> &mut i32 {
        match self {
            Self::Button(button) => &mut button.id,
            Self::Select(select) => &mut select.id,
        }
    }
}

impl Button {
    pub(super) fn read(reader: &Reader, form: &Form<'_>) -> Option<Self> {
        form.unserved(&["sku_id"]);
        let id = reader.id(form);
        let style = form.field("style").required().number_of(&[1, 2, 3, 4, LINK.into()]);
        let label = form.field("label").words(80);
        let emoji = ButtonEmoji::read(&form.field("emoji"));
        if form.field("label").is_absent() && form.field("emoji").is_absent() {
            let message = "A button must have a label or an emoji.";
            form.wrong("BUTTON_COMPONENT_LABEL_REQUIRED", message);
            return None;
        }
        let (custom_id, url) = (form.field("custom_id"), form.field("url"));
        let (custom_id, url) = if style? == LINK {
            conflict(&custom_id);
            (None, Some(url.required().url(Urls::Web)?))
        } else {
            conflict(&url);
            (Some(reader.custom_id(&custom_id)?), None)
        };
        let disabled = form.field("disabled").flag().unwrap_or_default();
        Some(Self { kind: Number, id, style: style?, label, emoji, custom_id, url, disabled })
    }
}

fn conflict(field: &Field<'_>) {
    if !field.is_absent() {
        let message = "A custom id and url cannot both be specified";
        field.wrong("BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message);
    }
}

impl Select {
    pub(super) fn read(reader: &Reader, form: &Form<'_>, kind: u8) -> Option<Self> {
        let id = reader.id(form);
        let custom_id = reader.custom_id(&form.field("custom_id"));
        let options = if kind == 3 {
            form.field("options").required().forms(1..=CHOICES_MAX)?
        } else {
            form.unserved(&["options"]);
            Vec::new()
        };
        let min_values = form.field("min_values").number(0..=25).unwrap_or(1);
        let max_values = form.field("max_values").number(1..=25).unwrap_or(1);
        if min_values > max_values {
            let message = "Must be at most `max_values`.";
            form.field("min_values").wrong("NUMBER_TYPE_MAX", message);
        }
        once_each(&form.field("options"), &options);
        Some(Self {
            kind,
            id,
            custom_id: custom_id?,
            placeholder: form.field("placeholder").words(150),
            min_values,
            max_values,
            disabled: form.field("disabled").flag().unwrap_or_default(),
            options,
            default_values: presets(form, kind),
            channel_types: channel_types(form, kind),
        })
    }
}

fn once_each(field: &Field<'_>, options: &[Choice]) {
    let mut values: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
    values.sort_unstable();
    if values.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = "The specified option value is already used";
        field.wrong("SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message);
    }
}

fn presets(form: &Form<'_>, kind: u8) -> Vec<Preset> {
    let kinds: &[(&str, &'static str)] = match kind {
        5 => &[("user", "user")],
        6 => &[("role", "role")],
        7 => &[("user", "user"), ("role", "role")],
        8 => &[("channel", "channel")],
        _ => &[],
    };
    let field = form.field("default_values");
    if kinds.is_empty() {
        field.unserved();
        return Vec::new();
    }
    let preset = |form: &Form<'_>| {
        let id = form.field("id").required().id();
        Some(Preset { kind: form.field("type").required().word(kinds)?, id: id? })
    };
    field.list(0..=CHOICES_MAX, |item| item.object(preset)).unwrap_or_default()
}

fn channel_types(form: &Form<'_>, kind: u8) -> Vec<ChannelKind> {
    let field = form.field("channel_types");
    if kind != 8 {
        field.unserved();
        return Vec::new();
    }
    let kinds: &[i64] = &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16];
    let read = field.list(0..=kinds.len(), |item| item.number_of(kinds).map(ChannelKind));
    read.unwrap_or_default()
}

impl FromForm for Choice {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let label = form.field("label").required().text(1..=100);
        let value = form.field("value").required().text(1..=100);
        let emoji = ButtonEmoji::read(&form.field("emoji"));
        Some(Self {
            label: label?,
            value: value?,
            description: form.field("description").words(100),
            emoji,
            default: form.field("default").flag().unwrap_or_default(),
        })
    }
}
