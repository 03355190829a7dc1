//! A store in memory whose journals remember what was flushed.

use std::io;
use std::sync::Arc;

use throng_plugin_store_memory::MemoryStore;
use throng_ports::journal::{Journal, Journals, Record};
use throng_ports::link::BoxFuture;
use throng_ports::store::{MemberPages, Store, Stored};
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Emoji, Message, User};
use throng_proto::record::{
    Account, EventRecord, GuildRecord, MessageRow, Page, RowQuery, TokenRecord, Write,
};
use throng_proto::time::Timestamp;

use super::Witness;

/// A store that tells a witness what its journals were given to keep.
pub(crate) struct RecordedStore {
    pub(crate) store: MemoryStore,
    pub(crate) witness: Arc<Witness>,
}

impl Store for RecordedStore {
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Stored<()>> {
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
        self.store.accounts(after, limit)
    }

    fn tokens_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<TokenRecord>>> {
        self.store.tokens_of(user)
    }

    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<GuildId>>> {
        self.store.guilds_of(user)
    }

    fn rows(&self, queries: Vec<RowQuery>) -> BoxFuture<'static, Stored<Vec<Option<MessageRow>>>> {
        self.store.rows(queries)
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

    fn journals(&self) -> Arc<dyn Journals> {
        let witness = Arc::clone(&self.witness);
        Arc::new(RecordedJournals { journals: self.store.journals(), witness })
    }
}

struct RecordedJournals {
    journals: Arc<dyn Journals>,
    witness: Arc<Witness>,
}

impl Journals for RecordedJournals {
    fn recover(&self) -> io::Result<Vec<Vec<Record>>> {
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
