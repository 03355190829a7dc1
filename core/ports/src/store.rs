//! The seam to durable state: users, guilds, messages and the log of events.
//!
//! A commit is acknowledged only when it survives what the store promises to survive, and commits
//! take effect in the order in which they were asked for. Reads see every acknowledged commit.

mod catalog;
#[cfg(feature = "conformance")]
pub mod conformance;
mod layer;

use std::sync::Arc;

use futures_util::stream::BoxStream;
use thiserror::Error;
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Emoji, Member, Message, User};
use throng_proto::record::{
    Account, EventRecord, GuildRecord, MessageRow, Page, RowQuery, TokenRecord, Write,
};
use throng_proto::time::Timestamp;

use crate::journal::Journals;
use crate::link::BoxFuture;
use crate::metrics;

pub use catalog::CatalogStore;
pub use layer::Layer;

/// Why the store did not do something.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The disk is full; reads go on, and writes work again when there is room.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The database is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// The one row that was asked for does not hold what it should; others are not concerned.
    #[error("a row cannot be read: {0}")]
    Unreadable(String),
    /// What is open is no longer what is in its place: nothing that is written now would be kept.
    #[error("the data directory is gone: {0}")]
    Gone(String),
    /// Anything else.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// Rows that were removed for the age of their message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Messages.
    pub messages: u64,
    /// Reactions to messages that are gone.
    pub reactions: u64,
}

/// What the messages of a guild take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuildSize {
    /// Messages.
    pub messages: u64,
    /// Bytes of their rows, without reactions and indexes.
    pub message_bytes: u64,
}

/// Answer of the store.
pub type Stored<T> = Result<T, StoreError>;

/// Members, page after page. After an error there are no more.
pub type MemberPages = BoxStream<'static, Stored<Vec<Member>>>;

/// Durable state.
pub trait Store: CatalogStore {
    /// Commits writes together. The writes of one call take effect in order, all or none.
    ///
    /// The place among other commits is that of the call, not that of the first poll.
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Stored<()>>;

    /// Reads every guild id.
    fn guilds(&self) -> BoxFuture<'static, Stored<Vec<GuildId>>>;

    /// Reads a guild with its roles and channels.
    fn guild(&self, guild: GuildId) -> BoxFuture<'static, Stored<Option<GuildRecord>>>;

    /// Reads the members of a guild in order of their ids, a few thousand at a time; the next pages
    /// are read while one is looked at.
    ///
    /// Each page is as it was when it was read: whoever wants all members as they were at one
    /// moment lets nobody change them meanwhile.
    fn members(&self, guild: GuildId) -> MemberPages;

    /// Reads a user.
    fn user(&self, user: UserId) -> BoxFuture<'static, Stored<Option<User>>>;

    /// Reads a user by exact username.
    fn user_named(&self, username: String) -> BoxFuture<'static, Stored<Option<User>>>;

    /// Reads whose a token is, by the SHA-256 of its secret.
    fn token(&self, digest: [u8; 32]) -> BoxFuture<'static, Stored<Option<Account>>>;

    /// Reads a user with what operators decided about it.
    fn account(&self, user: UserId) -> BoxFuture<'static, Stored<Option<Account>>>;

    /// Reads at most `limit` accounts with greater ids, in order of their ids, without those that
    /// were deleted.
    fn accounts(&self, after: UserId, limit: usize) -> BoxFuture<'static, Stored<Vec<Account>>>;

    /// Reads the tokens of a user, those first whose age is unknown, then the oldest.
    fn tokens_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<TokenRecord>>>;

    /// Reads the guilds that a user is in, in order of their ids.
    fn guilds_of(&self, user: UserId) -> BoxFuture<'static, Stored<Vec<GuildId>>>;

    /// Reads messages as a guild decides on them, all at one moment and in the order of the
    /// queries; `None` for one that does not exist in its channel.
    fn rows(&self, queries: Vec<RowQuery>) -> BoxFuture<'static, Stored<Vec<Option<MessageRow>>>>;

    /// Reads one message with its reactions and, if it is an answer, with the answered message as
    /// that is now; `me` decides [`throng_proto::model::ReactionCount::me`].
    fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Option<Message>>>;

    /// Reads part of a channel's history, newest first, at most `limit` (1 to 100) messages, each
    /// as [`Store::message`] reads it. One that cannot be read is left out.
    fn messages(
        &self,
        channel: ChannelId,
        page: Page,
        limit: usize,
        me: Option<UserId>,
    ) -> BoxFuture<'static, Stored<Vec<Message>>>;

    /// Reads who added an emoji to a message, in order of ids after `after`, at most `limit`.
    fn reactors(
        &self,
        message: MessageId,
        emoji: Emoji,
        after: UserId,
        limit: usize,
    ) -> BoxFuture<'static, Stored<Vec<User>>>;

    /// Reads the events of a guild after a place in its sequence, in order. One that cannot be read
    /// is left out, which the sequence tells.
    fn events(&self, guild: GuildId, after: u64) -> BoxFuture<'static, Stored<Vec<EventRecord>>>;

    /// Forgets events from before a time, but never the newest of a guild.
    fn trim_events(&self, before: Timestamp) -> BoxFuture<'static, Stored<u64>>;

    /// Removes the oldest messages from before a time, and their reactions: at most `rows_max`
    /// rows, so that commits do not wait long. Fewer say that nothing is left to remove.
    fn expire(&self, before: Timestamp, rows_max: usize) -> BoxFuture<'static, Stored<Expired>>;

    /// Reads what the messages of guilds take, in the order of the guilds; nothing of those that do
    /// not exist. Quick, however many messages there are.
    fn sizes(&self, guilds: Vec<GuildId>) -> BoxFuture<'static, Stored<Vec<GuildSize>>>;

    /// Returns where sessions keep their journals.
    fn journals(&self) -> Arc<dyn Journals>;

    /// Looks whether what is written is kept, and whether there is room; quick, but it may wait for
    /// the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError::Gone`] and [`StoreError::Full`]; [`StoreError::Failed`] for what is kept
    /// beside the database and was begun anew.
    fn check(&self) -> Stored<()> {
        Ok(())
    }

    /// Puts everything into the form in which it is best copied: the process is about to end.
    fn finish(&self) -> BoxFuture<'static, Stored<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Writes what the store counts; called at each scrape.
    fn measure(&self, _page: &mut metrics::Page) {}
}
