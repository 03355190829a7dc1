//! The store itself: the seam's calls on the writer, the readers and the journals.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use throng_ports::journal::Journals;
use throng_ports::link::BoxFuture;
use throng_ports::metrics::Page as Metrics;
use throng_ports::store::CatalogStore;
use throng_ports::store::{Expired, GuildSize, MemberPages, Store, StoreError, Stored};
use throng_proto::catalog::CommandPlace;
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Emoji, Message, RegisteredCommand, User};
use throng_proto::record::{
    Account, EventRecord, GuildRecord, MessageRow, Page, RowQuery, TokenRecord, Write,
};
use throng_proto::time::Timestamp;

use crate::accounts;
use crate::catalog;
use crate::config::Config;
use crate::decision;
use crate::expiry;
use crate::journal::FileJournals;
use crate::members;
use crate::open::{self, OpenError};
use crate::place::Place;
use crate::read;
use crate::reader::Readers;
use crate::sizes::Sizes;
use crate::writer::{Stats, Writer};

/// Durable state in a directory that this process owns.
///
/// Dropping it waits until everything that was asked for is committed, then gives the directory up.
#[derive(Debug)]
pub struct SqliteStore {
    // In the order of dropping: the writer's connection is the last and leaves no log behind.
    readers: Readers,
    writer: Writer,
    journals: Arc<FileJournals>,
    place: Place,
    sizes: Sizes,
    /// Pages of members that are read at the same time.
    ahead: usize,
    _lock: Arc<File>,
}

impl SqliteStore {
    /// Opens the database `throng.db` in `dir`, both created when missing, and starts its threads.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; a damaged database is left as it is.
    pub fn open(dir: &Path, config: Config) -> Result<Self, OpenError> {
        let opened = open::open(dir, &config)?;
        let failed = |source| OpenError::Directory { path: dir.to_owned(), source };
        let lock = Arc::new(opened.lock);
        Ok(Self {
            readers: Readers::start(opened.readers, config.queue_max).map_err(failed)?,
            writer: Writer::start(opened.writer, config.queue_max, opened.place.clone())
                .map_err(failed)?,
            place: opened.place,
            sizes: Sizes::new(dir),
            journals: Arc::new(FileJournals::new(dir.join("sessions"), Arc::clone(&lock))),
            ahead: config.readers.max(1) + 1,
            _lock: lock,
        })
    }

    /// Returns what the writer has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.writer.stats()
    }
}

impl CatalogStore for SqliteStore {
    fn catalog(&self, place: CommandPlace) -> BoxFuture<'static, Stored<Vec<RegisteredCommand>>> {
        self.readers.read(move |db| catalog::catalog(db, place))
    }
}

impl Store for SqliteStore {
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Stored<()>> {
        self.writer.commit(writes)
    }

    fn guilds(&self) -> BoxFuture<'static, Stored<Vec<GuildId>>> {
        self.readers.read(read::guilds)
    }

    fn guild(&self, guild: GuildId) -> BoxFuture<'static, Stored<Option<GuildRecord>>> {
        self.readers.read(move |db| read::guild(db, guild))
    }

    fn members(&self, guild: GuildId) -> MemberPages {
        members::pages(self.readers.queue(), guild, self.ahead)
    }

    fn user(&self, user: UserId) -> BoxFuture<'static, Stored<Option<User>>> {
        self.readers.read(move |db| read::user(db, user))
    }

    fn user_named(&self, username: String) -> BoxFuture<'static, Stored<Option<User>>> {
        self.readers.read(move |db| read::user_named(db, &username))
    }

    fn token(&self, digest: [u8; 32]) -> BoxFuture<'static, Stored<Option<Account>>> {
        self.readers.read(move |db| accounts::token(db, &digest))
    }

    fn account(&self, user: UserId) -> BoxFuture<'static, Stored<Option<Account>>> {
        self.readers.read(move |db| accounts::one_of(db, user))
    }

    fn accounts(&self, after: UserId, limit: usize) -> BoxFuture<'static, Stored<Vec<Account>>> {
        self.readers.read(move |db| accounts::page(db, after, limit))
    }

    fn tokens_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<TokenRecord>>> {
        self.readers.read(move |db| accounts::tokens_of(db, user))
    }

    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<GuildId>>> {
        self.readers.read(move |db| read::guilds_of(db, user))
    }

    fn rows(&self, queries: Vec<RowQuery>) -> BoxFuture<'static, Stored<Vec<Option<MessageRow>>>> {
        self.readers.read(move |db| decision::rows(db, &queries))
    }

    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Option<Message>>> {
        self.readers.read(move |db| read::message(db, channel, message, me))
    }

    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Vec<Message>>> {
        self.readers.read(move |db| read::messages(db, channel, page, limit, me))
    }

    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Stored<Vec<User>>> {
        self.readers.read(move |db| read::reactors(db, message, &emoji, after, limit))
    }

    fn events(&self, guild: GuildId, after: u64) -> BoxFuture<'static, Stored<Vec<EventRecord>>> {
        self.readers.read(move |db| read::events(db, guild, after))
    }

    fn trim_events(&self, before: Timestamp) -> BoxFuture<'static, Stored<u64>> {
        self.writer.trim(before)
    }

    fn expire(&self, before: Timestamp, rows_max: usize) -> BoxFuture<'static, Stored<Expired>> {
        self.writer.expire(before, rows_max)
    }

    fn sizes(&self, guilds: Vec<GuildId>) -> BoxFuture<'static, Stored<Vec<GuildSize>>> {
        self.readers.read(move |db| expiry::sizes(db, &guilds))
    }

    fn journals(&self) -> Arc<dyn Journals> {
        self.journals.clone()
    }

    fn check(&self) -> Stored<()> {
        self.place.check()?;
        // Journals are only made anew where the rest is in its place.
        let journals = self.journals.check().map_err(StoreError::Failed);
        self.place.check_room().and(journals)
    }

    fn finish(&self) -> BoxFuture<'static, Stored<()>> {
        self.writer.checkpoint()
    }

    fn measure(&self, page: &mut Metrics) {
        self.sizes.measure(page);
    }
}
