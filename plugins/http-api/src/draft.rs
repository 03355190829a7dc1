//! Reads a message to post: its body and its files.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use throng_proto::command::MessageDraft;
use throng_proto::id::AnyId;

use crate::api::Ask;
use crate::fault::Fault;
use crate::request::{Payload, Upload, peek};

/// Reads a draft.
///
/// # Errors
///
/// A field is wrong, or an attachment was not uploaded.
pub(crate) fn read(ask: &Ask, payload: Payload) -> Result<MessageDraft, Fault> {
    let json = payload.json.without_nulls();
    let Lenient { message_reference: lenient } = peek(&json.0);
    let mut draft: MessageDraft = json.decode()?;
    draft.attachments = attachments(ask, &draft.attachments, &payload.uploads)?;
    draft.reference_optional = !lenient.fail_if_not_exists;
    Ok(draft)
}

/// What only this side of the seam reads of a body.
#[derive(Default, Deserialize)]
struct Lenient {
    #[serde(default)]
    message_reference: Reference,
}

#[derive(Deserialize)]
#[serde(default)]
struct Reference {
    fail_if_not_exists: bool,
}

impl Default for Reference {
    fn default() -> Self {
        Self { fail_if_not_exists: true }
    }
}

/// Describes the files as attachments, with what the body says of each.
fn attachments(ask: &Ask, named: &[Value], uploads: &[Upload]) -> Result<Vec<Value>, Fault> {
    for (index, attachment) in named.iter().enumerate() {
        if !uploads.iter().any(|upload| belongs(attachment, upload)) {
            let message = "No file was uploaded as `files[n]` with `n` being this id.";
            return Err(Fault::field(
                &format!("attachments.{index}.id"),
                "ATTACHMENT_NOT_FOUND",
                message,
            ));
        }
    }
    let described = uploads.iter().map(|upload| {
        let words = named.iter().find(|attachment| belongs(attachment, upload));
        attachment(AnyId::new(ask.api.hub.next_id()), upload, words)
    });
    Ok(described.collect())
}

fn belongs(attachment: &Value, upload: &Upload) -> bool {
    match &attachment["id"] {
        Value::String(id) => *id == upload.index,
        Value::Number(id) => id.to_string() == upload.index,
        _ => false,
    }
}

fn attachment(id: AnyId, upload: &Upload, words: Option<&Value>) -> Value {
    let word = |key: &str| words.and_then(|words| words.get(key)).filter(|word| word.is_string());
    let filename = word("filename").cloned().unwrap_or_else(|| json!(upload.filename));
    // Nothing stores files; clients need an address, so it is one that cannot be followed.
    let url = json!(format!("attachment://{}", filename.as_str().unwrap_or_default()));
    let mut attachment = Map::new();
    attachment.insert("id".to_owned(), json!(id));
    attachment.insert("size".to_owned(), json!(upload.size));
    attachment.insert("proxy_url".to_owned(), url.clone());
    attachment.insert("url".to_owned(), url);
    attachment.insert("filename".to_owned(), filename);
    if let Some(kind) = &upload.content_type {
        attachment.insert("content_type".to_owned(), json!(kind));
    }
    for key in ["title", "description"] {
        if let Some(word) = word(key) {
            attachment.insert(key.to_owned(), word.clone());
        }
    }
    Value::Object(attachment)
}
