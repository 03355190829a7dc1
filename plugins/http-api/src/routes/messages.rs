//! Messages: posting, reading, editing, deleting, and typing.

use http::StatusCode;
use throng_proto::command::{Command, MessageDraft, MessagePatch};
use throng_proto::form::{self, FromForm};
use throng_proto::id::{ChannelId, MessageId};
use throng_proto::permissions::Permissions;
use throng_proto::record::Page;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::fault::Fault;
use crate::request::{At, Form, Payload, Search};
use crate::schema;

/// Messages that one answer lists, as at Discord.
const MESSAGES_MAX: usize = 100;

/// Messages that one answer lists when the query does not say.
const MESSAGES: usize = 50;

/// Posts a message. Files are refused: nothing stores them.
#[utoipa::path(post, path = "/channels/{channel_id}/messages", tag = "messages",
    request_body(content(
        (schema::MessageDraft = "application/json"),
        (schema::MessageForm = "multipart/form-data"),
    )),
    responses((status = 200, body = schema::Message)))]
pub(super) async fn create_message(
    ask: Ask,
    At((channel,)): At<(ChannelId,)>,
    payload: Payload,
) -> Answer {
    payload.refuse_files()?;
    let draft: MessageDraft = payload.json.form()?;
    let command = Command::MessageCreate(channel, Box::new(draft));
    let reply = ask.channel(channel, command).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Lists messages, newest first. Needs READ_MESSAGE_HISTORY, or the list is empty.
#[utoipa::path(get, path = "/channels/{channel_id}/messages", tag = "messages",
    params(
        ("before" = Option<String>, Query, description = "Only messages before this id."),
        ("after" = Option<String>, Query, description = "Only messages after this id."),
        ("around" = Option<String>, Query, description = "Messages before and after this id."),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 when absent."),
    ),
    responses((status = 200, body = Vec<schema::Message>)))]
pub(super) async fn list_messages(
    ask: Ask,
    At((channel,)): At<(ChannelId,)>,
    search: Search,
) -> Answer {
    let limit = search.limit(1..=MESSAGES_MAX, MESSAGES)?;
    let page = page(&search)?;
    let granted = ask.access(channel, Permissions::VIEW_CHANNEL).await?;
    if !granted.contains(Permissions::READ_MESSAGE_HISTORY) {
        return Ok(answer::ok(&[(); 0]));
    }
    let messages = ask.api.hub.messages(channel, page, limit, Some(ask.user.id)).await?;
    Ok(answer::ok(&messages))
}

/// Reads which part of the history is asked for; at most one key may say so.
fn page(search: &Search) -> Result<Page, Fault> {
    let (before, after, around) = (search.id("before")?, search.id("after")?, search.id("around")?);
    match (before, after, around) {
        (None, None, None) => Ok(Page::Latest),
        (Some(before), None, None) => Ok(Page::Before(before)),
        (None, Some(after), None) => Ok(Page::After(after)),
        (None, None, Some(around)) => Ok(Page::Around(around)),
        _ => {
            let message = "Only one of `before`, `after` and `around` may be given.";
            Err(Fault::field("", "BASE_TYPE_CONFLICT", message))
        }
    }
}

/// Returns a message. Needs READ_MESSAGE_HISTORY.
#[utoipa::path(get, path = "/channels/{channel_id}/messages/{message_id}", tag = "messages",
    responses((status = 200, body = schema::Message)))]
pub(super) async fn get_message(
    ask: Ask,
    At((channel, message)): At<(ChannelId, MessageId)>,
) -> Answer {
    let needed = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
    ask.access(channel, needed).await?;
    Ok(answer::ok(&ask.message(channel, message).await?))
}

/// Edits a message.
#[utoipa::path(patch, path = "/channels/{channel_id}/messages/{message_id}", tag = "messages",
    request_body(content(
        (schema::MessageEdit = "application/json"),
        (schema::MessageForm = "multipart/form-data"),
    )),
    responses((status = 200, body = schema::Message)))]
pub(super) async fn update_message(
    ask: Ask,
    At((channel, message)): At<(ChannelId, MessageId)>,
    payload: Payload,
) -> Answer {
    payload.refuse_files()?;
    let patch: MessagePatch = payload.json.form()?;
    let command = Command::MessageEdit(channel, message, Box::new(patch));
    let reply = ask.channel(channel, command).await?;
    Ok(answer::reply(StatusCode::OK, reply))
}

/// Deletes a message: one's own, or any with MANAGE_MESSAGES.
#[utoipa::path(delete, path = "/channels/{channel_id}/messages/{message_id}", tag = "messages",
    responses((status = 204)))]
pub(super) async fn delete_message(
    ask: Ask,
    At((channel, message)): At<(ChannelId, MessageId)>,
) -> Answer {
    ask.channel(channel, Command::MessageDelete(channel, message)).await?;
    Ok(answer::nothing())
}

/// Messages to delete together.
#[derive(Debug)]
pub(super) struct Bulk {
    messages: Vec<MessageId>,
}

impl FromForm for Bulk {
    fn from_form(form: &form::Form<'_>) -> Option<Self> {
        let messages = form.field("messages").required();
        Some(Self { messages: messages.list(2..=MESSAGES_MAX, |id| id.id())? })
    }
}

/// Deletes 2 to 100 messages at once. Needs MANAGE_MESSAGES.
#[utoipa::path(post, path = "/channels/{channel_id}/messages/bulk-delete", tag = "messages",
    request_body = schema::BulkDelete, responses((status = 204)))]
pub(super) async fn bulk_delete_messages(
    ask: Ask,
    At((channel,)): At<(ChannelId,)>,
    Form(Bulk { mut messages }): Form<Bulk>,
) -> Answer {
    messages.sort_unstable();
    messages.dedup();
    if !(2..=100).contains(&messages.len()) {
        let message = "Must be between 2 and 100 in length.";
        return Err(Fault::field("messages", "BASE_TYPE_BAD_LENGTH", message));
    }
    ask.channel(channel, Command::MessageBulkDelete(channel, messages)).await?;
    Ok(answer::nothing())
}

/// Shows for some seconds that the account that asks is typing.
#[utoipa::path(post, path = "/channels/{channel_id}/typing", tag = "messages",
    responses((status = 204)))]
pub(super) async fn trigger_typing(ask: Ask, At((channel,)): At<(ChannelId,)>) -> Answer {
    ask.channel(channel, Command::Typing(channel)).await?;
    Ok(answer::nothing())
}
