//! Commands as applications send them to change what they have.

use serde_json::{Map, Value};

use super::ApplicationCommand;
use crate::form::{self, Form, FromForm};
use crate::id::CommandId;
use crate::json;
use crate::refusal::Refusal;

/// Keys that an edit may change; what a command is of stays.
const PATCHED: [&str; 11] = [
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "default_member_permissions",
    "default_permission",
    "dm_permission",
    "nsfw",
    "contexts",
    "integration_types",
];

/// One of all commands of a place.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandEntry {
    /// Which one it was until now, where the application says so: it keeps its id under another
    /// name.
    pub id: Option<CommandId>,
    /// What it is from now on.
    pub command: ApplicationCommand,
}

impl FromForm for CommandEntry {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let id = form.field("id").id();
        Some(Self { id, command: ApplicationCommand::from_form(form)? })
    }
}

/// What of a command to change. Whether it fits is known once it is known of what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandPatch(Map<String, Value>);

impl FromForm for CommandPatch {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let given = PATCHED.into_iter().filter_map(|key| {
            let value = form.field(key).or_clear(|field| field.value().cloned())?;
            Some((key.to_owned(), value.unwrap_or_default()))
        });
        Some(Self(given.collect()))
    }
}

impl CommandPatch {
    /// Reads the command as it is afterwards.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidForm`], with the paths that the body had.
    pub fn apply(&self, command: &ApplicationCommand) -> Result<ApplicationCommand, Refusal> {
        let mut whole = json::tree(command);
        if let Some(keys) = whole.as_object_mut() {
            keys.extend(self.0.clone());
        }
        form::read(&whole)
    }
}
