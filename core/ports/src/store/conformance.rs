//! What every store must do, as a suite that each adapter runs.
//!
//! It also runs [`twin::all`], which breaks its stores on purpose, in one way for each check, and
//! sees the check fail.

mod accounts;
mod age;
mod catalog;
mod commands;
mod history;
mod log;
mod messages;
mod model;
mod sample;
pub mod twin;

use std::sync::Arc;

use futures_util::StreamExt as _;
use throng_proto::id::GuildId;
use throng_proto::model::Member;
use throng_proto::record::Write;

use super::{Store, StoreError, Stored};

pub use history::History;

macro_rules! checks {
    ($($doc:literal $check:ident = $module:ident::$function:ident;)*) => {
        /// One rule that every store keeps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Check {
            $(#[doc = $doc] $check,)*
        }

        impl Check {
            /// Every check, in the order in which [`suite`] runs them.
            pub const ALL: &[Self] = &[$(Self::$check,)*];

            /// Checks the rule on a store that is empty, or that earlier checks have written to.
            ///
            /// # Panics
            ///
            /// The store breaks it.
            pub async fn run(self, store: &dyn Store) {
                match self {
                    $(Self::$check => $module::$function(store).await,)*
                }
            }
        }
    };
}

checks! {
    "An empty store answers with nothing."
    EmptyAnswersNothing = catalog::an_empty_store_answers_with_nothing;
    "Users are found by id, by exact name and by token."
    UsersAreFound = catalog::users_are_found_by_id_name_and_token;
    "A taken username fails its whole commit."
    TakenNameFails = catalog::a_taken_username_fails_its_whole_commit;
    "A renamed user frees the name."
    RenamedFreesName = catalog::a_renamed_user_frees_the_name;
    "What operators decide outlives what users change."
    DecisionsOutlive = accounts::what_operators_decide_outlives_what_users_change;
    "Accounts are paged by id, without the deleted."
    AccountsArePaged = accounts::accounts_are_paged_by_id;
    "Tokens are listed and removed."
    TokensAreRemoved = accounts::tokens_are_listed_and_removed;
    "A guild is read with its parts, in order."
    GuildHasParts = catalog::a_guild_is_read_with_its_parts_in_order;
    "Invites go with their channel and their guild."
    InvitesGo = catalog::invites_go_with_their_channel_and_their_guild;
    "Members show the newest account."
    MembersShowAccount = catalog::members_show_the_newest_account;
    "Many members come in order, each once."
    MembersComeOnce = catalog::many_members_come_in_order_each_once;
    "The last message of a channel never goes back."
    LastMessageStays = catalog::the_last_message_of_a_channel_never_goes_back;
    "A deleted guild takes everything along."
    GuildTakesAll = catalog::a_deleted_guild_takes_everything_along;
    "Commits take effect in the order of the calls."
    CommitsInOrder = catalog::commits_take_effect_in_the_order_of_the_calls;
    "Commands of applications are kept where they are."
    CommandsAreKept = commands::commands_are_kept_where_they_are;
    "Commands of a guild go with it, and with their bot."
    CommandsGo = commands::commands_of_a_guild_go_with_it_and_with_their_bot;
    "A message is read as it was written."
    MessageIsWhole = messages::a_message_is_read_as_it_was_written;
    "Pages of history are newest first."
    PagesNewestFirst = messages::pages_are_newest_first;
    "Changes to a message that is gone do nothing."
    GoneStaysGone = messages::changes_to_a_message_that_is_gone_do_nothing;
    "Reactions are counted, in order of the first of each."
    ReactionsCounted = messages::reactions_are_counted_in_order_of_the_first;
    "Rows have what a guild decides on, one for each query."
    RowsAnswerAll = messages::rows_have_what_a_guild_decides_on;
    "Who reacted is paged by id."
    ReactorsArePaged = messages::reactors_are_paged_by_id;
    "A deleted channel takes its messages along."
    ChannelTakesAll = messages::a_deleted_channel_takes_its_messages_along;
    "Nonces of the last minutes are kept."
    NoncesAreKept = messages::recent_nonces_are_kept;
    "Events are read in order, after a place."
    EventsAfterPlace = log::events_are_read_in_order_after_a_place;
    "An event cannot be replaced."
    EventStays = log::an_event_cannot_be_replaced;
    "Trimming keeps the newest event of each guild."
    TrimKeepsNewest = log::trimming_keeps_the_newest_of_each_guild;
    "Guilds know what their messages take."
    SizesAreTrue = age::guilds_know_what_their_messages_take;
    "Old messages go a few at a time, with their reactions; removes what others wrote."
    OldGoInTurns = age::old_messages_go_a_few_at_a_time_with_their_reactions;
}

/// Runs every check on an empty store.
///
/// # Panics
///
/// The store breaks its contract; the message says where.
pub async fn suite(store: Arc<dyn Store>) {
    for check in Check::ALL {
        check.run(&*store).await;
    }
}

/// Unwraps an answer.
#[track_caller]
fn ok<T>(answer: Stored<T>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("the store refused: {error}"),
    }
}

/// Reads all members of a guild, and expects their pages to be in order.
async fn members(store: &dyn Store, guild: GuildId) -> Vec<Member> {
    let pages = store.members(guild).collect::<Vec<_>>().await;
    let members: Vec<Member> = pages.into_iter().flat_map(ok).collect();
    assert!(members.is_sorted_by_key(|member| member.user.id), "members are in order");
    members
}

/// Commits and expects success.
async fn commit(store: &dyn Store, writes: Vec<Write>) {
    ok(store.commit(writes).await);
}

/// Commits and expects a refusal, whose text it returns.
async fn refused(store: &dyn Store, writes: Vec<Write>) -> String {
    match store.commit(writes).await {
        Err(StoreError::Failed(text)) => text,
        other => panic!("the commit should have failed, and answered {other:?}"),
    }
}
