//! Registers commands with twilight.

use anyhow::{Context as _, Result, ensure};
use lines::{id, tell};
use serde_json::{Value, json};
use twilight_model::application::command::Command;
use twilight_model::id::Id;
use twilight_model::id::marker::CommandMarker;

use crate::driver::Driver;

impl Driver {
    /// Registers two commands twice and in a guild, changes one and deletes the other.
    pub async fn commands(&self, order: &Value) -> Result<()> {
        let application = self.http.current_user_application().await?.model().await?.id;
        let (client, guild) = (self.http.interaction(application), Id::new(id(order, "guild")?));
        let all = wanted()?;
        let first = client.set_global_commands(&all).await?.models().await?;
        let again = client.set_global_commands(&all).await?.models().await?;
        let here = client.set_guild_commands(guild, &all).await?.models().await?;
        let fetched = client.guild_commands(guild).await?.models().await?;
        ensure!(fetched == here, "{fetched:?} is not {here:?}");
        let (sing, other) = (known(&first[0])?, known(&first[1])?);
        ensure!(client.global_command(sing).await?.model().await? == first[0], "another one");
        ensure!(first[0].options == all[0].options, "{:?}", first[0].options);
        let edit = client.update_global_command(sing).name("chant").description("Chants");
        let edited = edit.await?.model().await?;
        client.delete_global_command(other).await?;
        let left = client.global_commands().await?.models().await?;
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
}

fn wanted() -> Result<[Command; 2]> {
    let song = json!({ "type": 3, "name": "song", "description": "Which", "required": true });
    let times = json!({ "type": 4, "name": "times", "description": "How often", "min_value": 1,
        "max_value": 9 });
    let sing = json!({ "type": 1, "name": "sing", "description": "Sings", "version": "1",
        "default_member_permissions": "32", "nsfw": true, "options": [song, times] });
    let high_five = json!({ "type": 2, "name": "High Five", "description": "", "version": "1",
        "default_member_permissions": null });
    Ok([serde_json::from_value(sing)?, serde_json::from_value(high_five)?])
}

fn known(command: &Command) -> Result<Id<CommandMarker>> {
    command.id.context("without an id")
}

fn ids(commands: &[Command]) -> Vec<Option<Id<CommandMarker>>> {
    commands.iter().map(|command| command.id).collect()
}
