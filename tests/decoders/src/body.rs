//! Bodies of HTTP requests, and the texts in them.

use std::collections::HashSet;

use serde_json::{Value, json};
use throng_proto::command::{
    ChannelPatch, GuildPatch, MemberPatch, MessageDraft, MessagePatch, RolePatch,
};
use throng_proto::form::{self, FromForm};
use throng_proto::mention::Named;
use throng_proto::model::{InviteDraft, Message};
use throng_proto::refusal::Refusal;

/// Levels that the API reads.
const DEPTH_MAX: usize = 32;
/// Far above what the limits of every part add up to.
const BYTES_MAX: usize = 200_000;

/// A body is refused with all that is wrong, or becomes a message that is written as it reads.
pub(crate) fn body(input: &[u8]) -> bool {
    if form::depth(input) > DEPTH_MAX {
        return false;
    }
    let Ok(body) = serde_json::from_slice::<Value>(input) else { return false };
    reads::<GuildPatch>(&body);
    reads::<ChannelPatch>(&body);
    reads::<RolePatch>(&body);
    reads::<MemberPatch>(&body);
    reads::<InviteDraft>(&body);
    reads::<MessagePatch>(&body);
    let Some(draft) = reads::<MessageDraft>(&body) else { return false };
    let message = message(draft);
    let text = serde_json::to_string(&message).unwrap_or_default();
    assert!(text.len() <= BYTES_MAX + input.len(), "{} bytes", text.len());
    let read = serde_json::from_str::<Message>(&text);
    assert!(read.is_ok_and(|read| read == message), "is read otherwise than written: {text}");
    true
}

/// Reads a form, which is refused for a reason.
fn reads<T: FromForm>(body: &Value) -> Option<T> {
    match form::read::<T>(body) {
        Ok(form) => Some(form),
        Err(Refusal::InvalidForm(wrong)) => {
            assert!(!wrong.is_empty(), "refused for nothing: {body}");
            None
        }
        Err(other) => panic!("{other:?}: {body}"),
    }
}

/// Makes a message of a draft, as a guild does.
fn message(draft: MessageDraft) -> Message {
    let base = json!({
        "id": "1", "channel_id": "2", "author": { "id": "3", "username": "anna" },
        "content": draft.content.unwrap_or_default(),
        "timestamp": "2024-01-02T03:04:05.678000+00:00",
        "edited_timestamp": null, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "type": 0, "components": [],
    });
    let base: Result<Message, _> = serde_json::from_value(base);
    let base = base.unwrap_or_else(|error| panic!("{error}"));
    Message {
        embeds: draft.embeds,
        components: draft.components,
        flags: draft.flags,
        nonce: draft.nonce,
        ..base
    }
}

/// A form is read the same in whatever pieces it comes.
pub(crate) fn form(input: &[u8]) -> bool {
    throng_plugin_http_api::testing::form(input)
}

/// Mentions are in the text, once each.
pub(crate) fn mentions(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let named = Named::parse(text);
    let users: HashSet<_> = named.users.iter().collect();
    let roles: HashSet<_> = named.roles.iter().collect();
    assert_eq!((users.len(), roles.len()), (named.users.len(), named.roles.len()), "named twice");
    let shown = |id: u64| text.contains(&id.to_string());
    assert!(named.users.iter().all(|id| shown(id.value())), "{named:?} in {text:?}");
    assert!(named.roles.iter().all(|id| shown(id.value())), "{named:?} in {text:?}");
    assert!(!named.everyone || text.contains("@everyone"));
    assert!(!named.here || text.contains("@here"));
    true
}
