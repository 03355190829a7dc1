//! A store that does something around another one.

use std::sync::Arc;

use throng_proto::catalog::CommandPlace;
use throng_proto::id::{ChannelId, GuildId, MessageId, UserId};
use throng_proto::model::{Emoji, Message, RegisteredCommand, User};
use throng_proto::record::{
    Account, EventRecord, GuildRecord, MessageRow, Page, RowQuery, TokenRecord, Write,
};
use throng_proto::time::Timestamp;

use super::{CatalogStore, Expired, GuildSize, MemberPages, Store, Stored};
use crate::journal::Journals;
use crate::link::BoxFuture;
use crate::metrics;

/// Writes every method twice: as one that passes on what it is asked, and as the store's.
macro_rules! layer {
    ($($seam:ident {
        $(fn $name:ident($($given:ident: $kind:ty),* $(,)?) -> $answer:ty;)*
    })*) => {
        /// A store that does something around another, such as to count, copy or encrypt.
        ///
        /// What it does not write is asked of the store below. That is a way to write a store from
        /// nothing, too: begin as a layer over one that is there, and take method after method
        /// into your own hands; the conformance suite passes at every step.
        pub trait Layer: Send + Sync + 'static {
            /// The store below.
            fn below(&self) -> &dyn Store;

            $($(
                #[doc = concat!("As [`", stringify!($seam), "::", stringify!($name), "`].")]
                fn $name(&self, $($given: $kind),*) -> $answer {
                    self.below().$name($($given),*)
                }
            )*)*
        }

        $(impl<L: Layer> $seam for L {
            $(
                fn $name(&self, $($given: $kind),*) -> $answer {
                    Layer::$name(self, $($given),*)
                }
            )*
        })*
    };
}

layer! {
    Store {
        fn commit(writes: Vec<Write>) -> BoxFuture<'static, Stored<()>>;
        fn guilds() -> BoxFuture<'static, Stored<Vec<GuildId>>>;
        fn guild(guild: GuildId) -> BoxFuture<'static, Stored<Option<GuildRecord>>>;
        fn members(guild: GuildId) -> MemberPages;
        fn user(user: UserId) -> BoxFuture<'static, Stored<Option<User>>>;
        fn user_named(username: String) -> BoxFuture<'static, Stored<Option<User>>>;
        fn token(digest: [u8; 32]) -> BoxFuture<'static, Stored<Option<Account>>>;
        fn account(user: UserId) -> BoxFuture<'static, Stored<Option<Account>>>;
        fn accounts(after: UserId, limit: usize) -> BoxFuture<'static, Stored<Vec<Account>>>;
        fn tokens_of(user: UserId) -> BoxFuture<'static, Stored<Vec<TokenRecord>>>;
        fn guilds_of(user: UserId) -> BoxFuture<'static, Stored<Vec<GuildId>>>;
        fn rows(queries: Vec<RowQuery>) -> BoxFuture<'static, Stored<Vec<Option<MessageRow>>>>;
        fn message(
            channel: ChannelId,
            message: MessageId,
            me: Option<UserId>,
        ) -> BoxFuture<'static, Stored<Option<Message>>>;
        fn messages(
            channel: ChannelId,
            page: Page,
            limit: usize,
            me: Option<UserId>,
        ) -> BoxFuture<'static, Stored<Vec<Message>>>;
        fn reactors(
            message: MessageId,
            emoji: Emoji,
            after: UserId,
            limit: usize,
        ) -> BoxFuture<'static, Stored<Vec<User>>>;
        fn events(guild: GuildId, after: u64) -> BoxFuture<'static, Stored<Vec<EventRecord>>>;
        fn trim_events(before: Timestamp) -> BoxFuture<'static, Stored<u64>>;
        fn expire(before: Timestamp, rows_max: usize) -> BoxFuture<'static, Stored<Expired>>;
        fn sizes(guilds: Vec<GuildId>) -> BoxFuture<'static, Stored<Vec<GuildSize>>>;
        fn journals() -> Arc<dyn Journals>;
        fn check() -> Stored<()>;
        fn finish() -> BoxFuture<'static, Stored<()>>;
        fn measure(page: &mut metrics::Page) -> ();
    }
    CatalogStore {
        fn catalog(place: CommandPlace) -> BoxFuture<'static, Stored<Vec<RegisteredCommand>>>;
    }
}
