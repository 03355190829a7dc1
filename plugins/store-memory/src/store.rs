//! The store itself: the seam's calls on the tables, and the switches that tests turn.

use std::future::ready;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use throng_ports::journal::Journals;
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
use tokio::sync::watch;

use crate::journal::MemoryJournals;
use crate::tables::Tables;

/// Members that are read at once.
const PAGE: usize = 8_192;

/// State in memory. Clones are the same store.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    tables: Mutex<Tables>,
    journals: Arc<MemoryJournals>,
    failing: Mutex<Option<StoreError>>,
    held: watch::Sender<bool>,
}

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every further commit fail with an error, until `None` ends it.
    pub fn fail_commits(&self, error: Option<StoreError>) {
        *self.shared.failing.lock() = error;
    }

    /// Withholds the answers of commits until [`MemoryStore::release_commits`]; they take effect
    /// all the same.
    pub fn hold_commits(&self) {
        self.shared.held.send_replace(true);
    }

    /// Gives the answers that were withheld.
    pub fn release_commits(&self) {
        self.shared.held.send_replace(false);
    }

    /// Commits at once, or fails as a test asked for.
    fn attempt(&self, writes: Vec<Write>) -> Stored<()> {
        if let Some(error) = self.shared.failing.lock().clone() {
            return Err(error);
        }
        self.shared.tables.lock().commit(writes)
    }

    fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Tables) -> T,
    ) -> BoxFuture<'static, Stored<T>> {
        Box::pin(ready(Ok(query(&self.shared.tables.lock()))))
    }
}

impl CatalogStore for MemoryStore {
    fn catalog(&self, place: CommandPlace) -> BoxFuture<'static, Stored<Vec<RegisteredCommand>>> {
        self.read(|tables| tables.catalog(place))
    }
}

impl Store for MemoryStore {
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Stored<()>> {
        let committed = self.attempt(writes);
        if !*self.shared.held.borrow() {
            return Box::pin(ready(committed));
        }
        let mut held = self.shared.held.subscribe();
        Box::pin(async move {
            // A store that is gone holds nobody.
            _ = held.wait_for(|held| !held).await;
            committed
        })
    }

    fn guilds(&self) -> BoxFuture<'static, Stored<Vec<GuildId>>> {
        self.read(Tables::guilds)
    }

    fn guild(&self, guild: GuildId) -> BoxFuture<'static, Stored<Option<GuildRecord>>> {
        self.read(|tables| tables.guild(guild))
    }

    fn members(&self, guild: GuildId) -> MemberPages {
        let store = self.clone();
        let pages = stream::unfold(UserId::new(0), move |after| {
            let page = store.shared.tables.lock().members(guild, after, PAGE);
            let last = page.last().map(|member| member.user.id);
            ready(last.map(|last| (Ok(page), last)))
        });
        pages.boxed()
    }

    fn user(&self, user: UserId) -> BoxFuture<'static, Stored<Option<User>>> {
        self.read(|tables| tables.user(user))
    }

    fn user_named(&self, username: String) -> BoxFuture<'static, Stored<Option<User>>> {
        self.read(|tables| tables.user_named(&username))
    }

    fn token(&self, digest: [u8; 32]) -> BoxFuture<'static, Stored<Option<Account>>> {
        self.read(|tables| tables.token(&digest))
    }

    fn account(&self, user: UserId) -> BoxFuture<'static, Stored<Option<Account>>> {
        self.read(|tables| tables.account(user))
    }

    fn accounts(&self, after: UserId, limit: usize) -> BoxFuture<'static, Stored<Vec<Account>>> {
        self.read(|tables| tables.accounts(after, limit))
    }

    fn tokens_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<TokenRecord>>> {
        self.read(|tables| tables.tokens_of(user))
    }

    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<GuildId>>> {
        self.read(|tables| tables.guilds_of(user))
    }

    fn rows(&self, queries: Vec<RowQuery>) -> BoxFuture<'static, Stored<Vec<Option<MessageRow>>>> {
        self.read(|tables| queries.iter().map(|query| tables.row(query)).collect())
    }

    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Option<Message>>> {
        self.read(|tables| tables.message(channel, message, me))
    }

    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Vec<Message>>> {
        self.read(|tables| tables.messages(channel, page, limit, me))
    }

    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Stored<Vec<User>>> {
        self.read(|tables| tables.reactors(message, &emoji, after, limit))
    }

    fn events(&self, guild: GuildId, after: u64) -> BoxFuture<'static, Stored<Vec<EventRecord>>> {
        self.read(|tables| tables.events(guild, after))
    }

    fn trim_events(&self, before: Timestamp) -> BoxFuture<'static, Stored<u64>> {
        let trimmed = self.shared.tables.lock().trim_events(before);
        Box::pin(ready(Ok(trimmed)))
    }

    fn expire(&self, before: Timestamp, rows_max: usize) -> BoxFuture<'static, Stored<Expired>> {
        let expired = self.shared.tables.lock().expire(before, rows_max);
        Box::pin(ready(Ok(expired)))
    }

    fn sizes(&self, guilds: Vec<GuildId>) -> BoxFuture<'static, Stored<Vec<GuildSize>>> {
        self.read(|tables| guilds.iter().map(|guild| tables.size(*guild)).collect())
    }

    fn journals(&self) -> Arc<dyn Journals> {
        self.shared.journals.clone()
    }
}
