//! Commands that applications register. Nothing runs them here, but what is registered is read.

mod option;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::option::{Amount, CommandChoice, CommandOption};
use crate::form::{Field, Form, FromForm};
use crate::permissions::Permissions;

/// Kind of commands that are typed.
const CHAT_INPUT: u8 = 1;
/// Characters of names.
const NAME_MAX: usize = 32;
/// Characters of descriptions.
const DESCRIPTION_MAX: usize = 100;
/// Languages of a text.
const LOCALES_MAX: usize = 34;

/// Texts by their language.
pub type Locales = BTreeMap<String, String>;

/// A command of an application. See [Discord Docs/Application Command Object].
///
/// [Discord Docs/Application Command Object]: https://discord.com/developers/docs/interactions/application-commands#application-command-object
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApplicationCommand {
    /// 1: typed, 2: of a user, 3: of a message, 4: of an activity.
    #[serde(rename = "type")]
    pub kind: u8,
    /// 1 to 32 characters; of typed ones letters, digits, `-`, `_` and `'` in lower case.
    pub name: String,
    /// The same in other languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_localizations: Option<Locales>,
    /// 1 to 100 characters of typed ones, and nothing of others.
    pub description: String,
    /// The same in other languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description_localizations: Option<Locales>,
    /// At most 25, of typed ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<CommandOption>,
    /// Who may use it at first; everybody when null.
    pub default_member_permissions: Option<Permissions>,
    /// Whether it is there in direct messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dm_permission: Option<bool>,
    /// For adults.
    pub nsfw: bool,
    /// Where it is there: 0 guilds, 1 messages to the bot, 2 others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contexts: Option<Vec<u8>>,
    /// How the application is installed: 0 in guilds, 1 by users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_types: Option<Vec<u8>>,
}

impl FromForm for ApplicationCommand {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let kind = form.field("type").number_of(&[1, 2, 3, 4]).unwrap_or(CHAT_INPUT);
        let typed = kind == CHAT_INPUT;
        let name = form.field("name").required();
        let name = if typed { word(&name) } else { name.text(1..=NAME_MAX) };
        let description = if typed {
            form.field("description").required().text(1..=DESCRIPTION_MAX)
        } else {
            form.unserved(&["description", "options"]);
            Some(String::new())
        };
        Some(Self {
            kind,
            name_localizations: locales(&form.field("name_localizations"), NAME_MAX),
            description_localizations: locales(
                &form.field("description_localizations"),
                DESCRIPTION_MAX,
            ),
            options: if typed { option::list(form, 0) } else { Vec::new() },
            default_member_permissions: form.field("default_member_permissions").permissions(),
            dm_permission: form.field("dm_permission").flag(),
            nsfw: form.field("nsfw").flag().unwrap_or_default(),
            contexts: form.field("contexts").list(0..=3, |item| item.number_of(&[0, 1, 2])),
            integration_types: form
                .field("integration_types")
                .list(0..=2, |item| item.number_of(&[0, 1])),
            name: name?,
            description: description?,
        })
    }
}

/// Reads the name of a typed command or of an option.
fn word(field: &Field<'_>) -> Option<String> {
    let name = field.text(1..=NAME_MAX)?;
    // Letters of these two scripts have marks that are no letters themselves.
    let marked = |char| matches!(char, '\u{900}'..='\u{97f}' | '\u{e00}'..='\u{e7f}');
    let fits =
        |char: char| char.is_alphanumeric() || marked(char) || matches!(char, '-' | '_' | '\'');
    if name.chars().all(|char| fits(char) && !char.is_uppercase()) {
        return Some(name);
    }
    field.wrong("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    None
}

/// Reads texts by their language.
fn locales(field: &Field<'_>, max: usize) -> Option<Locales> {
    field.object(|form| {
        let mut texts = Locales::new();
        for key in form.keys() {
            let known =
                key.len() <= 6 && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            if !known || texts.len() == LOCALES_MAX {
                form.wrong("LOCALE_INVALID", "There is another key than Discord's languages.");
                break;
            }
            texts.extend(form.field(key).text(1..=max).map(|text| (key.to_owned(), text)));
        }
        Some(texts)
    })
}
