//! The schema and how an older database reaches it.

use rusqlite::Connection;

use crate::query::bound;
use crate::rework::REWORKS;

/// One script for each version, in order; a published one never changes.
pub(crate) const SCRIPTS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// Marks a file as this store's: `thrg` in ASCII.
pub(crate) const APPLICATION_ID: i32 = 0x7468_7267;

/// Why a database cannot be brought up to date.
#[derive(Debug)]
pub(crate) enum MigrateError {
    /// A later version of the gateway wrote it.
    Newer(usize),
    /// Another application wrote it.
    Foreign,
    /// SQLite refused.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for MigrateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Runs the scripts that the database lacks, each in its own transaction, so that a start that is
/// cut off goes on at the next one.
pub(crate) fn migrate(
    connection: &mut Connection,
    scripts: &[&str],
) -> Result<usize, MigrateError> {
    let version = identify(connection, scripts.len())?;
    if version > 0 && version < scripts.len() {
        let known = scripts.len();
        tracing::info!(version, known, "the database is brought up to date; that may take a while");
    }
    for (index, script) in scripts.iter().enumerate().skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(script)?;
        for (_, rework) in REWORKS.iter().filter(|(version, _)| *version == index + 1) {
            rework(&transaction)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", bound(index + 1))?;
        transaction.commit()?;
    }
    Ok(scripts.len() - version)
}

/// Returns the version of the database, 0 for a new one.
fn identify(connection: &Connection, known: usize) -> Result<usize, MigrateError> {
    let application: i32 = pragma(connection, "application_id")?;
    let version: i64 = pragma(connection, "user_version")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || application != 0) {
        return Err(MigrateError::Foreign);
    }
    match usize::try_from(version) {
        Ok(version) if version <= known => Ok(version),
        Ok(version) => Err(MigrateError::Newer(version)),
        Err(_) => Err(MigrateError::Foreign),
    }
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> rusqlite::Result<T> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_run_once_and_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(migrate(&mut connection, &["CREATE TABLE a (x)"]).unwrap(), 1);
        let both = ["CREATE TABLE a (x)", "ALTER TABLE a RENAME TO b"];
        assert_eq!(migrate(&mut connection, &both).unwrap(), 1);
        assert_eq!(migrate(&mut connection, &both).unwrap(), 0);
        connection.execute("INSERT INTO b VALUES (1)", []).unwrap();
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let bad = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        assert!(matches!(migrate(&mut connection, &bad), Err(MigrateError::Sqlite(_))));
        assert_eq!(pragma::<i64>(&connection, "user_version").unwrap(), 1);
        assert!(connection.prepare("SELECT * FROM b").is_err());
    }

    #[test]
    fn a_newer_database_and_a_foreign_one_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let older = migrate(&mut connection, &["CREATE TABLE a (x)"]);
        assert!(matches!(older, Err(MigrateError::Newer(2))));
        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE recipes (x)").unwrap();
        assert!(matches!(migrate(&mut foreign, SCRIPTS), Err(MigrateError::Foreign)));
    }
}
