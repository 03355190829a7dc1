//! Short forms of the queries that every other module makes: cached statements, ids and JSON
//! columns.

use rusqlite::{Connection, Params, Row};
use serde::de::DeserializeOwned;
use throng_proto::id::Id;

use crate::failure::Failure;
use crate::salvage::pass_over;

/// Answer of a step inside the store.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Returns the signed integer of an id's bits, as its column holds it.
pub(crate) const fn key<M>(id: Id<M>) -> i64 {
    id.value().cast_signed()
}

/// Returns a number to compare columns with; beyond what a column holds it is the largest.
pub(crate) fn bound(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// Reads an id's column.
pub(crate) fn id<M>(row: &Row<'_>, column: usize) -> Outcome<Id<M>> {
    Ok(Id::new(row.get::<_, i64>(column)?.cast_unsigned()))
}

/// Reads a column of JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Outcome<T> {
    Ok(serde_json::from_str(text(row, column)?)?)
}

/// Reads a column of text.
pub(crate) fn text<'a>(row: &'a Row<'_>, column: usize) -> Outcome<&'a str> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

/// Runs a statement and returns how many rows it changed.
pub(crate) fn run(db: &Connection, sql: &str, params: impl Params) -> Outcome<usize> {
    Ok(db.prepare_cached(sql)?.execute(params)?)
}

/// Reads the first row, if there is one.
pub(crate) fn one<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Outcome<T>,
) -> Outcome<Option<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Reads every row.
pub(crate) fn all<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Reads every row that can be read. The first column is a number that names the row in the log.
pub(crate) fn readable<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    table: &'static str,
    mut read: impl FnMut(&Row<'_>) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let rows = all(db, sql, params, |row| pass_over(table, row.get(0)?, read(row)))?;
    Ok(rows.into_iter().flatten().collect())
}
