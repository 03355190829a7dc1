//! Commands that applications register. Nothing runs them here, but what is registered is kept, and
//! read as Discord reads it.

mod choice;
mod entry;
mod kind;
mod locale;
mod option;
mod place;
mod registered;
mod size;
mod word;

use serde::{Deserialize, Serialize};

pub use self::choice::{Amount, CommandChoice};
pub use self::entry::{CommandEntry, CommandPatch};
pub use self::locale::{LOCALES, Locales, locale};
pub use self::option::CommandOption;
pub use self::place::CommandPlace;
pub use self::registered::RegisteredCommand;
use crate::form::{Form, FromForm};
use crate::permissions::Permissions;

/// Kind of commands that are typed.
const CHAT_INPUT: u8 = 1;
/// Characters of names.
const NAME_MAX: usize = 32;
/// Characters of descriptions.
const DESCRIPTION_MAX: usize = 100;

/// A command of an application. See [Discord Docs/Application Command Object].
///
/// It is stored as it is serialised, and sent as a [`RegisteredCommand`].
///
/// [Discord Docs/Application Command Object]: https://discord.com/developers/docs/interactions/application-commands#application-command-object
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApplicationCommand {
    /// 1: typed, 2: of a user, 3: of a message.
    #[serde(rename = "type")]
    pub kind: u8,
    /// 1 to 32 characters; of typed ones letters, digits, `-`, `_` and `'` in lower case.
    pub name: String,
    /// The same in other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_localizations: Option<Locales>,
    /// 1 to 100 characters of typed ones, and nothing of others.
    pub description: String,
    /// The same in other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_localizations: Option<Locales>,
    /// At most 25, of typed ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<CommandOption>,
    /// Who may use it at first; everybody when null.
    pub default_member_permissions: Option<Permissions>,
    /// Whether it is there in direct messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dm_permission: Option<bool>,
    /// For adults.
    #[serde(default)]
    pub nsfw: bool,
    /// Where it is there: 0 guilds, 1 messages to the bot, 2 others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contexts: Option<Vec<u8>>,
    /// How the application is installed: 0 in guilds, 1 by users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_types: Option<Vec<u8>>,
}

impl ApplicationCommand {
    /// Tells whether two commands cannot be in the same place: kind and name are the same.
    #[must_use]
    pub fn is_namesake(&self, other: &Self) -> bool {
        (self.kind, &self.name) == (other.kind, &other.name)
    }

    /// Returns about how many bytes it takes as JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size::bytes(self)
    }

    /// Leaves out what only global commands have.
    #[must_use]
    pub fn of_guild(self) -> Self {
        Self { dm_permission: None, contexts: None, integration_types: None, ..self }
    }
}

impl FromForm for ApplicationCommand {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let kind = form.field("type").number_of(&[1, 2, 3]).unwrap_or(CHAT_INPUT);
        let typed = kind == CHAT_INPUT;
        let name = word::name(form, typed);
        let names = locale::texts(&form.field("name_localizations"), |field| {
            if typed { word::word(field) } else { field.name(1..=NAME_MAX) }
        });
        let description = if typed {
            form.field("description").required().text(1..=DESCRIPTION_MAX)
        } else {
            form.unserved(&["description", "description_localizations", "options"]);
            Some(String::new())
        };
        let command = Self {
            kind,
            name_localizations: names,
            description_localizations: if typed { locale::descriptions(form) } else { None },
            options: if typed { option::list(form, 0) } else { Vec::new() },
            default_member_permissions: permissions(form),
            dm_permission: form.field("dm_permission").flag(),
            nsfw: form.field("nsfw").flag().unwrap_or_default(),
            contexts: places(form, "contexts", &[0, 1, 2]),
            integration_types: places(form, "integration_types", &[0, 1]),
            name: name?,
            description: description?,
        };
        size::check(form, &command);
        Some(command)
    }
}

/// Reads who may use a command at first. What Discord had before means nobody when it is false.
fn permissions(form: &Form<'_>) -> Option<Permissions> {
    let nobody = form.field("default_permission").flag() == Some(false);
    let given = form.field("default_member_permissions").permissions();
    given.or_else(|| nobody.then_some(Permissions::NONE))
}

/// Reads a list of a few numbers, each once.
fn places(form: &Form<'_>, key: &str, known: &[i64]) -> Option<Vec<u8>> {
    let mut places = form.field(key).list(1..=known.len(), |item| item.number_of(known))?;
    let mut seen = Vec::new();
    places.retain(|place| {
        let new = !seen.contains(place);
        seen.push(*place);
        new
    });
    Some(places)
}
