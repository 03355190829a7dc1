//! Registers commands with serenity.

use anyhow::{Result, ensure};
use lines::{id, tell};
use serde_json::{Value, json};
use serenity::all::{
    Command, CommandId, CommandOptionType, CommandType, CreateCommand, CreateCommandOption,
    GuildId, Http, Permissions,
};

/// Registers two commands twice and in a guild, changes one and deletes the other.
pub async fn register(order: &Value, http: &Http) -> Result<()> {
    http.set_application_id(http.get_current_application_info().await?.id);
    let guild = GuildId::new(id(order, "guild")?);
    let first = Command::set_global_commands(http, wanted()).await?;
    let again = Command::set_global_commands(http, wanted()).await?;
    let here = guild.set_commands(http, wanted()).await?;
    let fetched = guild.get_commands(http).await?;
    ensure!(ids(&fetched) == ids(&here), "{fetched:?} is not {here:?}");
    let [sing, other] = [first[0].id, first[1].id];
    let read = Command::get_global_command(http, sing).await?;
    ensure!(read.options[0].required && read.options[1].max_value == Some(9.into()), "{read:?}");
    // It always sends options, which are all that there are from then on.
    let edit = command().name("chant").description("Chants");
    let edited = Command::edit_global_command(http, sing, edit).await?;
    ensure!(edited.version != read.version, "the same version");
    Command::delete_global_command(http, other).await?;
    let left = Command::get_global_commands_with_localizations(http).await?;
    tell(json!({
        "event": "commands",
        "first": ids(&first),
        "again": ids(&again),
        "here": ids(&here),
        "edited": [edited.id, edited.name, edited.description],
        "left": left.iter().map(|command| &command.name).collect::<Vec<_>>(),
    }));
    Ok(())
}

fn wanted() -> Vec<CreateCommand> {
    vec![command(), CreateCommand::new("High Five").kind(CommandType::User)]
}

fn command() -> CreateCommand {
    let song = CreateCommandOption::new(CommandOptionType::String, "song", "Which").required(true);
    let times = CreateCommandOption::new(CommandOptionType::Integer, "times", "How often")
        .min_int_value(1)
        .max_int_value(9);
    CreateCommand::new("sing")
        .description("Sings")
        .nsfw(true)
        .default_member_permissions(Permissions::MANAGE_GUILD)
        .add_option(song)
        .add_option(times)
}

fn ids(commands: &[Command]) -> Vec<CommandId> {
    commands.iter().map(|command| command.id).collect()
}
