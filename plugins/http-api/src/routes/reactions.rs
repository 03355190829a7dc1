//! Reactions to messages.

use throng_proto::command::Command;
use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::permissions::Permissions;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::request::{At, EmojiKey, Search};
use crate::schema;

/// Users that one answer lists, as at Discord.
const REACTORS_MAX: usize = 100;

/// Users that one answer lists when the query does not say.
const REACTORS: usize = 25;

type Place = At<(ChannelId, MessageId, EmojiKey)>;

/// Adds one's reaction.
#[utoipa::path(put,
    path = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
    tag = "reactions", responses((status = 204)))]
pub(super) async fn add_my_reaction(ask: Ask, At((channel, message, emoji)): Place) -> Answer {
    ask.channel(channel, Command::ReactionAdd(channel, message, emoji.0)).await?;
    Ok(answer::nothing())
}

/// Removes one's reaction.
#[utoipa::path(delete,
    path = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
    tag = "reactions", responses((status = 204)))]
pub(super) async fn delete_my_reaction(ask: Ask, At((channel, message, emoji)): Place) -> Answer {
    let command = Command::ReactionRemove(channel, message, emoji.0, ask.user.id);
    ask.channel(channel, command).await?;
    Ok(answer::nothing())
}

/// Removes somebody's reaction. Needs MANAGE_MESSAGES.
#[utoipa::path(delete,
    path = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id}",
    tag = "reactions", responses((status = 204)))]
pub(super) async fn delete_user_reaction(
    ask: Ask,
    At((channel, message, emoji, user)): At<(ChannelId, MessageId, EmojiKey, UserId)>,
) -> Answer {
    ask.channel(channel, Command::ReactionRemove(channel, message, emoji.0, user)).await?;
    Ok(answer::nothing())
}

/// Lists who reacted with an emoji, in order of their ids.
#[utoipa::path(get, path = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}",
    tag = "reactions",
    params(
        ("after" = Option<String>, Query, description = "Only users with greater ids."),
        ("limit" = Option<u32>, Query, description = "1 to 100; 25 when absent."),
    ),
    responses((status = 200, body = Vec<schema::User>)))]
pub(super) async fn list_reactors(
    ask: Ask,
    At((channel, message, emoji)): Place,
    search: Search,
) -> Answer {
    let limit = search.limit(1..=REACTORS_MAX, REACTORS)?;
    let after = search.id("after")?.unwrap_or_else(|| UserId::new(0));
    let needed = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
    ask.access(channel, needed).await?;
    ask.message(channel, message).await?;
    let users = ask.api.hub.reactors(message, emoji.0, after, limit).await?;
    Ok(answer::ok(&users))
}

/// Removes all reactions with an emoji. Needs MANAGE_MESSAGES.
#[utoipa::path(delete,
    path = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}",
    tag = "reactions", responses((status = 204)))]
pub(super) async fn delete_emoji_reactions(
    ask: Ask,
    At((channel, message, emoji)): Place,
) -> Answer {
    ask.channel(channel, Command::ReactionClear(channel, message, Some(emoji.0))).await?;
    Ok(answer::nothing())
}

/// Removes all reactions. Needs MANAGE_MESSAGES.
#[utoipa::path(delete, path = "/channels/{channel_id}/messages/{message_id}/reactions",
    tag = "reactions", responses((status = 204)))]
pub(super) async fn delete_all_reactions(
    ask: Ask,
    At((channel, message)): At<(ChannelId, MessageId)>,
) -> Answer {
    ask.channel(channel, Command::ReactionClear(channel, message, None)).await?;
    Ok(answer::nothing())
}
