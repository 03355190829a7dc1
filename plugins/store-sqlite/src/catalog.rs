//! The commands of applications.

use rusqlite::{Connection, params};
use throng_proto::catalog::CommandPlace;
use throng_proto::id::{CommandId, GuildId, UserId};
use throng_proto::model::RegisteredCommand;

use crate::accounts::DELETED;
use crate::query::{Outcome, id, json, key, readable, run};

/// Reads the commands of a place, in order of their ids.
pub(crate) fn catalog(db: &Connection, place: CommandPlace) -> Outcome<Vec<RegisteredCommand>> {
    let sql = "SELECT id, version, body FROM commands \
               WHERE application_id = ?1 AND guild_id IS ?2 ORDER BY id";
    let of = params![key(place.application), place.guild.map(key)];
    readable(db, sql, of, "commands", |row| {
        Ok(RegisteredCommand {
            id: id(row, 0)?,
            application_id: place.application,
            guild_id: place.guild,
            version: id(row, 1)?,
            command: json(row, 2)?,
        })
    })
}

/// Writes a command, where its account still is.
pub(crate) fn put(db: &Connection, command: &RegisteredCommand) -> Outcome<()> {
    let sql = "INSERT INTO commands (id, application_id, guild_id, version, body) \
               SELECT ?1, ?2, ?3, ?4, ?5 \
               WHERE EXISTS (SELECT 1 FROM users WHERE id = ?2 AND standing <> ?6) \
               AND (?3 IS NULL \
               OR EXISTS (SELECT 1 FROM members WHERE guild_id = ?3 AND user_id = ?2)) \
               ON CONFLICT (id) DO UPDATE SET application_id = excluded.application_id, \
               guild_id = excluded.guild_id, version = excluded.version, body = excluded.body";
    let body = serde_json::to_string(&command.command)?;
    let (id, application) = (key(command.id), key(command.application_id));
    let (guild, version) = (command.guild_id.map(key), key(command.version));
    run(db, sql, params![id, application, guild, version, body, DELETED]).map(drop)
}

pub(crate) fn delete(db: &Connection, place: CommandPlace, id: CommandId) -> Outcome<()> {
    let sql = "DELETE FROM commands WHERE id = ?1 AND application_id = ?2 AND guild_id IS ?3";
    run(db, sql, params![key(id), key(place.application), place.guild.map(key)]).map(drop)
}

pub(crate) fn delete_of(db: &Connection, application: UserId) -> Outcome<()> {
    run(db, "DELETE FROM commands WHERE application_id = ?1", [key(application)]).map(drop)
}

/// Deletes what an application has in a guild.
pub(crate) fn delete_in(db: &Connection, guild: GuildId, application: UserId) -> Outcome<()> {
    let sql = "DELETE FROM commands WHERE application_id = ?1 AND guild_id = ?2";
    run(db, sql, [key(application), key(guild)]).map(drop)
}
