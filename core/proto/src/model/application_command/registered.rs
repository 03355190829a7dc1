//! Commands as they are kept and sent.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::locale::localize;
use super::{ApplicationCommand, CommandOption, Locales};
use crate::id::{AnyId, CommandId, GuildId, UserId};
use crate::json;
use crate::permissions::Permissions;

/// How an application is installed that says nothing else: in guilds.
const INSTALLED: &[u8] = &[0];

/// A command with what the server adds to it.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredCommand {
    /// Id, which stays through all changes.
    pub id: CommandId,
    /// Whose: every account is its own application.
    pub application_id: UserId,
    /// Where it is there; everywhere without.
    pub guild_id: Option<GuildId>,
    /// Another one after each change.
    pub version: AnyId,
    /// What the application said.
    pub command: ApplicationCommand,
}

/// What is sent of a command, with every key that Discord sends.
#[derive(Serialize)]
struct Body<'a> {
    id: CommandId,
    application_id: UserId,
    version: AnyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    guild_id: Option<GuildId>,
    default_member_permissions: Option<Permissions>,
    #[serde(rename = "type")]
    kind: u8,
    name: &'a str,
    name_localizations: Option<&'a Locales>,
    description: &'a str,
    description_localizations: Option<&'a Locales>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dm_permission: Option<bool>,
    contexts: Option<&'a [u8]>,
    integration_types: &'a [u8],
    nsfw: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    options: &'a [CommandOption],
}

impl Serialize for RegisteredCommand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let command = &self.command;
        let body = Body {
            id: self.id,
            application_id: self.application_id,
            version: self.version,
            guild_id: self.guild_id,
            default_member_permissions: command.default_member_permissions,
            kind: command.kind,
            name: &command.name,
            name_localizations: command.name_localizations.as_ref(),
            description: &command.description,
            description_localizations: command.description_localizations.as_ref(),
            dm_permission: self.guild_id.is_none().then(|| command.dm_permission.unwrap_or(true)),
            contexts: command.contexts.as_deref(),
            integration_types: command.integration_types.as_deref().unwrap_or(INSTALLED),
            nsfw: command.nsfw,
            options: &command.options,
        };
        body.serialize(serializer)
    }
}

impl RegisteredCommand {
    /// Returns it as a list shows it to somebody of one language: with the texts of that one in
    /// the place of all.
    #[must_use]
    pub fn localized(&self, locale: &str) -> Value {
        let mut shown = json::tree(self);
        localize(&mut shown, locale);
        shown
    }
}
