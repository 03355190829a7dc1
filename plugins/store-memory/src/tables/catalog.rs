//! The commands of applications.

use throng_proto::catalog::CommandPlace;
use throng_proto::id::{CommandId, UserId};
use throng_proto::model::RegisteredCommand;
use throng_proto::record::Standing;

use super::Tables;

impl Tables {
    pub(crate) fn catalog(&self, place: CommandPlace) -> Vec<RegisteredCommand> {
        self.commands.values().filter(|command| place_of(command) == place).cloned().collect()
    }

    pub(super) fn put_command(&mut self, command: RegisteredCommand) {
        let application = command.application_id;
        let account = self.account(application);
        let known = account.is_some_and(|account| account.standing != Standing::Deleted);
        let there = |guild| self.members.contains_key(&(guild, application));
        if known && command.guild_id.is_none_or(there) {
            self.commands.insert(command.id, command);
        }
    }

    pub(super) fn delete_command(&mut self, place: CommandPlace, id: CommandId) {
        self.commands.retain(|known, command| *known != id || place_of(command) != place);
    }

    pub(super) fn delete_commands_in(&mut self, place: CommandPlace) {
        self.commands.retain(|_, command| place_of(command) != place);
    }

    pub(super) fn delete_commands_of(&mut self, application: UserId) {
        self.commands.retain(|_, command| command.application_id != application);
    }
}

const fn place_of(command: &RegisteredCommand) -> CommandPlace {
    CommandPlace { application: command.application_id, guild: command.guild_id }
}
