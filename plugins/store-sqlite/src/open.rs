//! Opening the data directory: its lock, the database, and what is refused before anything is
//! written.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use thiserror::Error;

use crate::config::Config;
use crate::failure::is_full;
use crate::migration::{self, MigrateError, SCRIPTS};
use crate::place::Place;

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum OpenError {
    /// It cannot be created or written.
    #[error("cannot write the data directory {path}", path = .path.display())]
    Directory {
        /// Directory or file in it.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// Another process uses it.
    #[error(
        "another gateway is using the data directory {path}; stop it, or choose another directory",
        path = .path.display()
    )]
    Locked {
        /// Directory.
        path: PathBuf,
    },
    /// The database is damaged, or no database at all. Nothing was changed.
    #[error(
        "the database {path} is damaged ({detail}); restore it from a backup, or move it and the \
         files {name}-wal and {name}-shm away to start with an empty one; nothing was changed",
        path = .path.display(),
        name = .path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default()
    )]
    Damaged {
        /// File.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another application wrote the database.
    #[error("{path} is another application's; choose another directory", path = .path.display())]
    Foreign {
        /// File.
        path: PathBuf,
    },
    /// A later version of the gateway wrote the database.
    #[error(
        "the database {path} has schema {found}, and this gateway knows schemas up to {known}; \
         start the newer gateway, or restore a backup from before it",
        path = .path.display()
    )]
    Newer {
        /// File.
        path: PathBuf,
        /// Version of its schema.
        found: usize,
        /// Newest version that this gateway knows.
        known: usize,
    },
    /// There is no room to open it. Nothing was changed.
    #[error(
        "the disk is full: the database {path} cannot be opened ({detail}); make room, 1 MB is \
         enough, and start again; nothing was lost",
        path = .path.display()
    )]
    Full {
        /// File.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// SQLite refused for another reason.
    #[error("cannot open the database {path}", path = .path.display())]
    Sqlite {
        /// File.
        path: PathBuf,
        /// Cause.
        source: rusqlite::Error,
    },
}

/// Name of the database in the data directory.
pub(crate) const DATABASE: &str = "throng.db";

/// A data directory that this process owns: its lock, the writing connection and the reading ones.
pub(crate) struct Opened {
    pub(crate) lock: File,
    pub(crate) writer: Connection,
    pub(crate) readers: Vec<Connection>,
    pub(crate) place: Place,
}

/// Takes the directory, then checks and opens its database.
pub(crate) fn open(dir: &Path, config: &Config) -> Result<Opened, OpenError> {
    create_dir(dir).map_err(|source| directory(dir, source))?;
    let lock = lock(dir)?;
    let path = dir.join(DATABASE);
    private(&path).map_err(|source| directory(&path, source))?;
    let mut writer = Connection::open(&path).map_err(|error| explain(&path, error))?;
    // The last one out merges the log into the database, which must not happen to a damaged one.
    keep_log(&writer, true).map_err(|error| explain(&path, error))?;
    let examined = examine(&writer, &path, config);
    examined.map_err(|error| explain(&path, error))?.map_or(Ok(()), Err)?;
    migration::migrate(&mut writer, SCRIPTS).map_err(|error| unfit(&path, error))?;
    set_up_writer(&writer, config).map_err(|error| explain(&path, error))?;
    keep_log(&writer, false).map_err(|error| explain(&path, error))?;
    let readers = (0..config.readers.max(1))
        .map(|_| open_reader(&path, config))
        .collect::<rusqlite::Result<Vec<_>>>()
        .map_err(|error| explain(&path, error))?;
    Ok(Opened { lock, writer, readers, place: Place::new(dir) })
}

/// Creates the directory, with rights for its owner alone: it holds tokens' digests and messages.
fn create_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join("lock");
    let file = private(&path).map_err(|source| directory(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(directory(&path, source)),
    }
}

/// Opens a file for its owner alone; SQLite gives the files beside it the same rights.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Sets whether closing leaves the log as it is.
fn keep_log(connection: &Connection, keep: bool) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep).map(drop)
}

/// Looks for damage before anything is written; the whole file only while that is quick.
fn examine(
    connection: &Connection,
    path: &Path,
    config: &Config,
) -> rusqlite::Result<Option<OpenError>> {
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> =
        names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for table in tables {
        let quoted = table.replace('"', "\"\"");
        connection.prepare(&format!("SELECT 1 FROM \"{quoted}\" LIMIT 1"))?.exists([])?;
    }
    let bytes = path.metadata().map_or(0, |metadata| metadata.len());
    if bytes > config.quick_check_bytes_max {
        return Ok(None);
    }
    let detail: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((detail != "ok").then(|| OpenError::Damaged { path: path.to_owned(), detail }))
}

fn set_up_writer(connection: &Connection, config: &Config) -> rusqlite::Result<()> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        tracing::warn!(mode, "the file system does not support SQLite's WAL; commits are slower");
    }
    set_up(connection, config)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // 16 MiB of log between checkpoints, and at most 64 MiB of it kept on disk after a peak.
    connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
    let _: i64 =
        connection.query_row("PRAGMA journal_size_limit = 67108864", [], |row| row.get(0))?;
    if config.pages_max > 0 {
        let sql = format!("PRAGMA max_page_count = {}", config.pages_max);
        let _: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    }
    Ok(())
}

fn open_reader(path: &Path, config: &Config) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection, config)?;
    Ok(connection)
}

fn set_up(connection: &Connection, config: &Config) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    let kibibytes = i64::try_from(config.cache_bytes / 1024).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -kibibytes)?;
    // Rolling back one commit of a group needs no file, which a full disk would refuse.
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn directory(path: &Path, source: io::Error) -> OpenError {
    OpenError::Directory { path: path.to_owned(), source }
}

fn unfit(path: &Path, error: MigrateError) -> OpenError {
    match error {
        MigrateError::Newer(found) => {
            OpenError::Newer { path: path.to_owned(), found, known: SCRIPTS.len() }
        }
        MigrateError::Foreign => OpenError::Foreign { path: path.to_owned() },
        MigrateError::Sqlite(source) => explain(path, source),
    }
}

fn explain(path: &Path, source: rusqlite::Error) -> OpenError {
    if is_full(&source) {
        return OpenError::Full { path: path.to_owned(), detail: source.to_string() };
    }
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            OpenError::Damaged { path: path.to_owned(), detail: source.to_string() }
        }
        _ => OpenError::Sqlite { path: path.to_owned(), source },
    }
}
