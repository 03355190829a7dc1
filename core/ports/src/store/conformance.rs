//! What every store must do, as a suite that each adapter runs.

mod accounts;
mod age;
mod catalog;
mod commands;
mod history;
mod log;
mod messages;
mod model;
mod sample;

use std::sync::Arc;

use futures_util::StreamExt as _;
use throng_proto::id::GuildId;
use throng_proto::model::Member;
use throng_proto::record::Write;

use super::{Store, StoreError, Stored};

pub use history::History;

/// Runs every check on an empty store.
///
/// # Panics
///
/// The store breaks its contract; the message says where.
pub async fn suite(store: Arc<dyn Store>) {
    let store = &*store;
    catalog::an_empty_store_answers_with_nothing(store).await;
    catalog::users_are_found_by_id_name_and_token(store).await;
    catalog::a_taken_username_fails_its_whole_commit(store).await;
    catalog::a_renamed_user_frees_the_name(store).await;
    accounts::what_operators_decide_outlives_what_users_change(store).await;
    accounts::accounts_are_paged_by_id(store).await;
    accounts::tokens_are_listed_and_removed(store).await;
    catalog::a_guild_is_read_with_its_parts_in_order(store).await;
    catalog::invites_go_with_their_channel_and_their_guild(store).await;
    catalog::members_show_the_newest_account(store).await;
    catalog::many_members_come_in_order_each_once(store).await;
    catalog::the_last_message_of_a_channel_never_goes_back(store).await;
    catalog::a_deleted_guild_takes_everything_along(store).await;
    catalog::commits_take_effect_in_the_order_of_the_calls(store).await;
    commands::commands_are_kept_where_they_are(store).await;
    commands::commands_of_a_guild_go_with_it_and_with_their_bot(store).await;
    messages::a_message_is_read_as_it_was_written(store).await;
    messages::pages_are_newest_first(store).await;
    messages::changes_to_a_message_that_is_gone_do_nothing(store).await;
    messages::reactions_are_counted_in_order_of_the_first(store).await;
    messages::rows_have_what_a_guild_decides_on(store).await;
    messages::reactors_are_paged_by_id(store).await;
    messages::a_deleted_channel_takes_its_messages_along(store).await;
    messages::recent_nonces_are_kept(store).await;
    log::events_are_read_in_order_after_a_place(store).await;
    log::an_event_cannot_be_replaced(store).await;
    log::trimming_keeps_the_newest_of_each_guild(store).await;
    // Removes what others wrote.
    age::guilds_know_what_their_messages_take(store).await;
    age::old_messages_go_a_few_at_a_time_with_their_reactions(store).await;
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
