//! A store in memory with other journals: those that tell what was flushed, or those of which
//! something else is found, or one that panics or fails when a test wants it.

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use throng_plugin_store_memory::MemoryStore;
use throng_ports::journal::{Found, Journal, Journals, Record};
use throng_ports::link::BoxFuture;
use throng_ports::store::CatalogStore;
use throng_ports::store::{Expired, GuildSize, MemberPages, Store, StoreError, Stored};
use throng_proto::catalog::CommandPlace;
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Emoji, Message, RegisteredCommand, User};
use throng_proto::record::{
    Account, EventRecord, GuildRecord, MessageRow, Page, RowQuery, TokenRecord, Write,
};
use throng_proto::time::Timestamp;

use super::Witness;

/// A store that tells a witness what its journals were given to keep.
pub(crate) struct RecordedStore {
    store: MemoryStore,
    journals: Arc<dyn Journals>,
    scratch: Option<Arc<dyn Journals>>,
    panics: Option<&'static str>,
    unreadable: AtomicBool,
}

impl RecordedStore {
    /// Shows a witness what journals flush.
    pub(crate) fn witnessed(store: MemoryStore, witness: Arc<Witness>) -> Self {
        let journals = Arc::new(RecordedJournals { journals: store.journals(), witness });
        Self { store, journals, scratch: None, panics: None, unreadable: AtomicBool::new(false) }
    }

    /// Has journals of which this was found, and new ones of its own.
    pub(crate) fn with_found(store: MemoryStore, found: Vec<Vec<Found>>) -> Self {
        let scratch = MemoryStore::new().journals();
        let journals = Arc::new(FoundJournals { found, scratch: Arc::clone(&scratch) });
        let unreadable = AtomicBool::new(false);
        Self { store, journals, scratch: Some(scratch), panics: None, unreadable }
    }

    /// Panics instead of keeping a message that says this.
    pub(crate) fn panicking(store: MemoryStore, content: &'static str) -> Self {
        let journals = store.journals();
        let unreadable = AtomicBool::new(false);
        Self { store, journals, scratch: None, panics: Some(content), unreadable }
    }

    /// Fails reads of accounts and of messages while [`Self::fail_reads`] says so.
    pub(crate) fn failing_reads(store: MemoryStore) -> Self {
        let journals = store.journals();
        let unreadable = AtomicBool::new(false);
        Self { store, journals, scratch: None, panics: None, unreadable }
    }

    pub(crate) fn fail_reads(&self, fail: bool) {
        self.unreadable.store(fail, Ordering::Release);
    }

    fn read<T: Send + 'static>(
        &self,
        read: BoxFuture<'static, Stored<T>>,
    ) -> BoxFuture<'static, Stored<T>> {
        if self.unreadable.load(Ordering::Acquire) {
            return Box::pin(ready(Err(StoreError::Failed("as the test asks".to_owned()))));
        }
        read
    }

    /// Returns what was written into the new ones.
    pub(crate) fn written(&self) -> Vec<Vec<Found>> {
        let scratch = self.scratch.as_ref();
        scratch.map(|scratch| scratch.recover().unwrap()).unwrap_or_default()
    }
}

impl CatalogStore for RecordedStore {
    fn catalog(&self, place: CommandPlace) -> BoxFuture<'static, Stored<Vec<RegisteredCommand>>> {
        self.read(self.store.catalog(place))
    }
}

impl Store for RecordedStore {
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Stored<()>> {
        let deadly = |write: &Write| match write {
            Write::Message(message) => self.panics.is_some_and(|text| message.content == text),
            _ => false,
        };
        assert!(!writes.iter().any(deadly), "this is what the test asked for");
        self.store.commit(writes)
    }

    fn guilds(&self) -> BoxFuture<'static, Stored<Vec<GuildId>>> {
        self.store.guilds()
    }

    fn guild(&self, guild: GuildId) -> BoxFuture<'static, Stored<Option<GuildRecord>>> {
        self.store.guild(guild)
    }

    fn members(&self, guild: GuildId) -> MemberPages {
        self.store.members(guild)
    }

    fn user(&self, user: UserId) -> BoxFuture<'static, Stored<Option<User>>> {
        self.store.user(user)
    }

    fn user_named(&self, username: String) -> BoxFuture<'static, Stored<Option<User>>> {
        self.store.user_named(username)
    }

    fn token(&self, digest: [u8; 32]) -> BoxFuture<'static, Stored<Option<Account>>> {
        self.store.token(digest)
    }

    fn account(&self, user: UserId) -> BoxFuture<'static, Stored<Option<Account>>> {
        self.store.account(user)
    }

    fn accounts(&self, after: UserId, limit: usize) -> BoxFuture<'static, Stored<Vec<Account>>> {
        self.read(self.store.accounts(after, limit))
    }

    fn tokens_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<TokenRecord>>> {
        self.store.tokens_of(user)
    }

    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<GuildId>>> {
        self.store.guilds_of(user)
    }

    fn rows(&self, queries: Vec<RowQuery>) -> BoxFuture<'static, Stored<Vec<Option<MessageRow>>>> {
        self.read(self.store.rows(queries))
    }

    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Option<Message>>> {
        self.store.message(channel, message, me)
    }

    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Vec<Message>>> {
        self.store.messages(channel, page, limit, me)
    }

    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Stored<Vec<User>>> {
        self.store.reactors(message, emoji, after, limit)
    }

    fn events(&self, guild: GuildId, after: u64) -> BoxFuture<'static, Stored<Vec<EventRecord>>> {
        self.store.events(guild, after)
    }

    fn trim_events(&self, before: Timestamp) -> BoxFuture<'static, Stored<u64>> {
        self.store.trim_events(before)
    }

    fn expire(&self, before: Timestamp, rows_max: usize) -> BoxFuture<'static, Stored<Expired>> {
        self.store.expire(before, rows_max)
    }

    fn sizes(&self, guilds: Vec<GuildId>) -> BoxFuture<'static, Stored<Vec<GuildSize>>> {
        self.store.sizes(guilds)
    }

    fn journals(&self) -> Arc<dyn Journals> {
        Arc::clone(&self.journals)
    }
}

struct FoundJournals {
    found: Vec<Vec<Found>>,
    scratch: Arc<dyn Journals>,
}

impl Journals for FoundJournals {
    fn recover(&self) -> io::Result<Vec<Vec<Found>>> {
        Ok(self.found.clone())
    }

    fn begin(&self, count: usize) -> io::Result<Vec<Box<dyn Journal>>> {
        self.scratch.begin(count)
    }

    fn seal(&self) -> io::Result<()> {
        self.scratch.seal()
    }
}

struct RecordedJournals {
    journals: Arc<dyn Journals>,
    witness: Arc<Witness>,
}

impl Journals for RecordedJournals {
    fn recover(&self) -> io::Result<Vec<Vec<Found>>> {
        self.journals.recover()
    }

    fn begin(&self, count: usize) -> io::Result<Vec<Box<dyn Journal>>> {
        let journals = self.journals.begin(count)?;
        let recorded = journals.into_iter().map(|journal| {
            let witness = Arc::clone(&self.witness);
            Box::new(RecordedJournal { journal, unflushed: Vec::new(), witness })
                as Box<dyn Journal>
        });
        Ok(recorded.collect())
    }

    fn seal(&self) -> io::Result<()> {
        self.journals.seal()
    }
}

struct RecordedJournal {
    journal: Box<dyn Journal>,
    unflushed: Vec<Record>,
    witness: Arc<Witness>,
}

impl Journal for RecordedJournal {
    fn append(&mut self, record: &[u8]) {
        self.unflushed.push(record.to_vec());
        self.journal.append(record);
    }

    fn flush(&mut self) -> io::Result<()> {
        self.journal.flush()?;
        for record in self.unflushed.drain(..) {
            self.witness.flushed(&record);
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.flush()?;
        self.journal.rotate()
    }

    fn discard(&mut self, keep: usize) -> io::Result<()> {
        self.journal.discard(keep)
    }

    fn segment_bytes(&self) -> u64 {
        self.journal.segment_bytes()
    }
}
