//! The commands that an application has in one place, and what its requests make of them.
//!
//! A catalog decides and writes nothing: whoever asks it commits what it answers, and lets nobody
//! else ask about the same place meanwhile.

use crate::id::CommandId;
pub use crate::model::application_command::CommandPlace;
use crate::model::application_command::{CommandEntry, CommandPatch};
use crate::model::{ApplicationCommand, RegisteredCommand};
use crate::record::Write;
use crate::refusal::Refusal;

/// Commands of each kind in one place: typed ones, those of users and those of messages.
pub const COMMANDS_MAX: [usize; 3] = [100, 15, 15];
/// Bytes of all commands of one place, about as JSON: whoever changes one has all of them read.
pub const CATALOG_BYTES_MAX: usize = 1 << 20;
/// Discord's code for too many commands.
const TOO_MANY: u32 = 30_032;
/// Discord's words for two commands of one name.
const DUPLICATE: (&str, &str) =
    ("APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique");

/// What an application asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandChange {
    /// One more command, or another one in the place of that with its kind and name.
    Put(Box<ApplicationCommand>),
    /// A command changes in part.
    Edit(CommandId, CommandPatch),
    /// A command goes.
    Delete(CommandId),
    /// These are all that there are from now on.
    Replace(Vec<CommandEntry>),
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandsChanged {
    /// The commands that the request was about, in its order.
    pub commands: Vec<RegisteredCommand>,
    /// Tells whether any of them is new.
    pub created: bool,
}

/// All commands of an application in one place.
#[derive(Debug)]
pub struct Catalog {
    place: CommandPlace,
    commands: Vec<RegisteredCommand>,
}

impl Catalog {
    /// Takes what a place has.
    #[must_use]
    pub const fn new(place: CommandPlace, commands: Vec<RegisteredCommand>) -> Self {
        Self { place, commands }
    }

    /// Returns its commands.
    #[must_use]
    pub fn into_commands(self) -> Vec<RegisteredCommand> {
        self.commands
    }

    /// Returns about how many bytes all commands take as JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.commands.iter().map(|known| known.command.bytes()).sum()
    }

    /// Decides on a request. Commands that are new or change take numbers from `ids`; one that
    /// stays as it is keeps its version, and nothing is written of it.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownCommand`], [`Refusal::TooMany`] and [`Refusal::InvalidForm`].
    pub fn change(
        &self,
        change: CommandChange,
        ids: &mut dyn FnMut() -> u64,
    ) -> Result<(CommandsChanged, Vec<Write>), Refusal> {
        let mut draft = Draft { ids, changed: CommandsChanged::default(), writes: Vec::new() };
        match change {
            CommandChange::Put(command) => self.put(*command, &mut draft)?,
            CommandChange::Edit(id, patch) => self.edit(id, &patch, &mut draft)?,
            CommandChange::Delete(id) => {
                self.find(id)?;
                draft.writes.push(Write::CommandDelete(self.place, id));
            }
            CommandChange::Replace(entries) => self.replace(entries, &mut draft)?,
        }
        Ok((draft.changed, draft.writes))
    }

    fn find(&self, id: CommandId) -> Result<&RegisteredCommand, Refusal> {
        self.commands.iter().find(|known| known.id == id).ok_or(Refusal::UnknownCommand)
    }

    fn namesake(&self, command: &ApplicationCommand) -> Option<&RegisteredCommand> {
        self.commands.iter().find(|known| known.command.is_namesake(command))
    }

    /// Leaves out of a command what it cannot have in this place.
    fn fitted(&self, command: ApplicationCommand) -> ApplicationCommand {
        if self.place.guild.is_some() { command.of_guild() } else { command }
    }

    fn put(&self, command: ApplicationCommand, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let command = self.fitted(command);
        let known = self.namesake(&command);
        if known.is_none() {
            let all = self.commands.iter().map(|known| &known.command).chain([&command]);
            check_count(all)?;
        }
        self.check_bytes(known, &command)?;
        draft.keep(self.place, known, command);
        Ok(())
    }

    fn edit(
        &self,
        id: CommandId,
        patch: &CommandPatch,
        draft: &mut Draft<'_>,
    ) -> Result<(), Refusal> {
        let known = self.find(id)?;
        let command = self.fitted(patch.apply(&known.command)?);
        if self.namesake(&command).is_some_and(|other| other.id != id) {
            let (code, message) = DUPLICATE;
            return Err(Refusal::field("name", code, message));
        }
        self.check_bytes(Some(known), &command)?;
        draft.keep(self.place, Some(known), command);
        Ok(())
    }

    /// Makes sure that there is room for a command in the place of one, or beside all.
    fn check_bytes(
        &self,
        known: Option<&RegisteredCommand>,
        command: &ApplicationCommand,
    ) -> Result<(), Refusal> {
        let gone = known.map_or(0, |known| known.command.bytes());
        check_bytes(self.bytes() - gone + command.bytes())
    }

    fn replace(&self, entries: Vec<CommandEntry>, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        check_names(&entries)?;
        check_count(entries.iter().map(|entry| &entry.command))?;
        check_bytes(entries.iter().map(|entry| entry.command.bytes()).sum())?;
        let heirs = self.heirs(&entries);
        let gone = self.commands.iter().filter(|known| !heirs.contains(&Some(known.id)));
        draft.writes.extend(gone.map(|known| Write::CommandDelete(self.place, known.id)));
        for (entry, heir) in entries.into_iter().zip(heirs) {
            let known = heir.and_then(|id| self.find(id).ok());
            draft.keep(self.place, known, self.fitted(entry.command));
        }
        Ok(())
    }

    /// Finds which command each entry goes on with: the one whose id it names, or else the one of
    /// its kind and name, unless another entry named that.
    fn heirs(&self, entries: &[CommandEntry]) -> Vec<Option<CommandId>> {
        let mut taken = Vec::new();
        let named = entries.iter().map(|entry| {
            let known = self.find(entry.id?).ok()?;
            let free = known.command.kind == entry.command.kind && !taken.contains(&known.id);
            free.then(|| {
                taken.push(known.id);
                known.id
            })
        });
        let named: Vec<_> = named.collect();
        let heir = |(entry, named): (&CommandEntry, Option<CommandId>)| {
            let namesake = || self.namesake(&entry.command).map(|known| known.id);
            named.or_else(|| namesake().filter(|id| !taken.contains(id)))
        };
        entries.iter().zip(named).map(heir).collect()
    }
}

/// An answer that is being made.
struct Draft<'a> {
    ids: &'a mut dyn FnMut() -> u64,
    changed: CommandsChanged,
    writes: Vec<Write>,
}

impl Draft<'_> {
    fn keep(
        &mut self,
        place: CommandPlace,
        known: Option<&RegisteredCommand>,
        command: ApplicationCommand,
    ) {
        if let Some(known) = known.filter(|known| known.command == command) {
            return self.changed.commands.push(known.clone());
        }
        let version = (self.ids)();
        let id = known.map_or_else(|| CommandId::new(version), |known| known.id);
        let kept = RegisteredCommand {
            id,
            application_id: place.application,
            guild_id: place.guild,
            version: CommandId::new(version).cast(),
            command,
        };
        self.changed.created |= known.is_none();
        self.writes.push(Write::Command(Box::new(kept.clone())));
        self.changed.commands.push(kept);
    }
}

fn check_count<'a>(commands: impl Iterator<Item = &'a ApplicationCommand>) -> Result<(), Refusal> {
    let mut counts = COMMANDS_MAX;
    for command in commands {
        let index = usize::from(command.kind.saturating_sub(1)).min(COMMANDS_MAX.len() - 1);
        let left = counts[index].checked_sub(1);
        let (what, max) = ("application commands", COMMANDS_MAX[index]);
        counts[index] = left.ok_or(Refusal::TooMany { what, max, code: TOO_MANY })?;
    }
    Ok(())
}

fn check_bytes(bytes: usize) -> Result<(), Refusal> {
    if bytes <= CATALOG_BYTES_MAX {
        return Ok(());
    }
    let what = "bytes of application commands";
    Err(Refusal::TooMany { what, max: CATALOG_BYTES_MAX, code: TOO_MANY })
}

fn check_names(entries: &[CommandEntry]) -> Result<(), Refusal> {
    let twice = (1..entries.len()).find(|index| {
        let (before, entry) = (&entries[..*index], &entries[*index]);
        before.iter().any(|other| other.command.is_namesake(&entry.command))
    });
    let (code, message) = DUPLICATE;
    twice.map_or(Ok(()), |index| Err(Refusal::field(&index.to_string(), code, message)))
}
