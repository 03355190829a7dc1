//! The commands of the hub in memory.

use throng_ports::catalog::Catalogs;
use throng_ports::hub::Guilds as _;
use throng_ports::registry::Asked;
use throng_proto::catalog::{Catalog, CommandChange, CommandPlace, CommandsChanged};
use throng_proto::form;
use throng_proto::id::{AnyId, CommandId};
use throng_proto::model::RegisteredCommand;
use throng_proto::record::Write;

use crate::hub::FakeHub;

/// The id of a command that is in every place until somebody changes it.
pub(crate) const COMMAND: CommandId = CommandId::new(2);

impl FakeHub {
    fn commands(&self, place: CommandPlace) -> Vec<RegisteredCommand> {
        let kept = self.state.lock().unwrap().catalogs.get(&place).cloned();
        kept.unwrap_or_else(|| {
            let sent = serde_json::json!({ "name": "first", "description": "d" });
            vec![RegisteredCommand {
                id: COMMAND,
                application_id: place.application,
                guild_id: place.guild,
                version: AnyId::new(2),
                command: form::read(&sent).unwrap(),
            }]
        })
    }
}

impl Catalogs for FakeHub {
    fn catalog(&self, place: CommandPlace) -> Asked<Vec<RegisteredCommand>> {
        let commands = self.commands(place);
        Box::pin(async move { Ok(commands) })
    }

    fn change_catalog(&self, place: CommandPlace, change: CommandChange) -> Asked<CommandsChanged> {
        let mut commands = self.commands(place);
        let catalog = Catalog::new(place, commands.clone());
        let changed = catalog.change(change, &mut || self.next_id()).map(|(changed, writes)| {
            for write in writes {
                match write {
                    Write::Command(command) => {
                        commands.retain(|known| known.id != command.id);
                        commands.push(*command);
                    }
                    Write::CommandDelete(_, id) => commands.retain(|known| known.id != id),
                    other => panic!("{other:?}"),
                }
            }
            commands.sort_by_key(|command| command.id);
            self.state.lock().unwrap().catalogs.insert(place, commands);
            changed
        });
        Box::pin(async move { changed })
    }
}
