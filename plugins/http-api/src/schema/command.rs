//! Commands of applications.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// A command as its application sends it.
#[derive(Debug, ToSchema)]
pub struct ApplicationCommandDraft {
    /// Only where all are replaced: the command that it was until now.
    pub id: Option<String>,
    /// 1 typed, 2 of users, 3 of messages; 1 when absent, and never changed by an edit.
    #[schema(rename = "type")]
    pub kind: Option<u8>,
    /// 1 to 32 characters; needed but in an edit.
    pub name: Option<String>,
    /// The same by language.
    pub name_localizations: Option<BTreeMap<String, String>>,
    /// 1 to 100 characters of typed ones, which need it but in an edit; none of others.
    pub description: Option<String>,
    /// The same by language.
    pub description_localizations: Option<BTreeMap<String, String>>,
    /// At most 25, of typed ones.
    pub options: Option<Vec<ApplicationCommandOption>>,
    /// Permissions as a number in a string; everybody when null.
    pub default_member_permissions: Option<String>,
    /// Whether it is there in direct messages; of those that are everywhere.
    pub dm_permission: Option<bool>,
    /// For adults.
    pub nsfw: Option<bool>,
    /// 0 guilds, 1 messages to the bot, 2 others; of those that are everywhere.
    pub contexts: Option<Vec<u8>>,
    /// 0 in guilds, 1 by users; of those that are everywhere.
    pub integration_types: Option<Vec<u8>>,
}

/// A command of an application.
#[derive(Debug, ToSchema)]
pub struct ApplicationCommand {
    /// Snowflake.
    pub id: String,
    /// Snowflake, that of the account.
    pub application_id: String,
    /// Snowflake; another one after each change.
    pub version: String,
    /// Snowflake; absent of those that are everywhere.
    pub guild_id: Option<String>,
    /// Permissions as a number in a string; everybody when null.
    pub default_member_permissions: Option<String>,
    /// 1 typed, 2 of users, 3 of messages.
    #[schema(rename = "type")]
    pub kind: u8,
    /// Name.
    pub name: String,
    /// Names by language; absent in lists without `with_localizations`.
    pub name_localizations: Option<BTreeMap<String, String>>,
    /// Name in the language of who asks, in lists without `with_localizations`.
    pub name_localized: Option<String>,
    /// Description.
    pub description: String,
    /// Descriptions by language; absent in lists without `with_localizations`.
    pub description_localizations: Option<BTreeMap<String, String>>,
    /// Description in the language of who asks, in lists without `with_localizations`.
    pub description_localized: Option<String>,
    /// Whether it is there in direct messages; absent of those of guilds.
    pub dm_permission: Option<bool>,
    /// 0 guilds, 1 messages to the bot, 2 others.
    pub contexts: Option<Vec<u8>>,
    /// 0 in guilds, 1 by users.
    pub integration_types: Vec<u8>,
    /// For adults.
    pub nsfw: bool,
    /// Absent without any.
    pub options: Option<Vec<ApplicationCommandOption>>,
}

/// A parameter of a command, a subcommand or a group of those.
#[derive(Debug, ToSchema)]
pub struct ApplicationCommandOption {
    /// 1 to 11.
    #[schema(rename = "type")]
    pub kind: u8,
    /// 1 to 32 characters.
    pub name: String,
    /// The same by language.
    pub name_localizations: Option<BTreeMap<String, String>>,
    /// 1 to 100 characters.
    pub description: String,
    /// The same by language.
    pub description_localizations: Option<BTreeMap<String, String>>,
    /// Must be given.
    pub required: Option<bool>,
    /// What can be given.
    pub choices: Option<Vec<ApplicationCommandChoice>>,
    /// What a subcommand or a group consists of: more options.
    pub options: Option<Vec<Value>>,
    /// Kinds of channels.
    pub channel_types: Option<Vec<u8>>,
    /// Least number.
    pub min_value: Option<f64>,
    /// Largest number.
    pub max_value: Option<f64>,
    /// Least length.
    pub min_length: Option<u16>,
    /// Largest length.
    pub max_length: Option<u16>,
    /// The application proposes what can be given.
    pub autocomplete: Option<bool>,
}

/// What can be given for an option.
#[derive(Debug, ToSchema)]
pub struct ApplicationCommandChoice {
    /// 1 to 100 characters.
    pub name: String,
    /// The same by language.
    pub name_localizations: Option<BTreeMap<String, String>>,
    /// A text or a number, as the option is.
    pub value: Value,
}

/// To whom a command was given or denied.
#[derive(Debug, ToSchema)]
pub struct CommandPermissions {
    /// Snowflake of the command, or of the application for all of its commands.
    pub id: String,
    /// Snowflake.
    pub application_id: String,
    /// Snowflake.
    pub guild_id: String,
    /// Roles, users and channels.
    pub permissions: Vec<Value>,
}
