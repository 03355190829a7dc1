//! Bodies of messages: JSON, or multipart, whose files are refused.

use std::sync::Arc;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::body::{Json, read};
use crate::api::Api;
use crate::fault::Fault;

/// A body that may come with files.
#[derive(Debug)]
pub(crate) struct Payload {
    /// The JSON part.
    pub(crate) json: Json,
    /// Names of the parts that are files.
    files: Vec<String>,
}

impl Payload {
    /// Refuses files by the names of their parts: nothing stores them.
    ///
    /// # Errors
    ///
    /// There are some.
    pub(crate) fn refuse_files(&self) -> Result<(), Fault> {
        let Some(name) = self.files.first() else { return Ok(()) };
        let message = "Throng does not store files; send an address instead.";
        Err(Fault::field(name, "NOT_SUPPORTED", message))
    }
}

impl FromRequest<Arc<Api>> for Payload {
    type Rejection = Fault;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Fault> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let bytes_max = api.config.json_bytes_max;
        if content_type.is_some_and(is_multipart) {
            return multipart(request, bytes_max).await;
        }
        let body = read(request, bytes_max).await?;
        Ok(Self { json: Json::parse(&body)?.object()?, files: Vec::new() })
    }
}

fn is_multipart(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart/form-data")
}

/// Reads the parts in whatever order they come. What a part of its own says, `payload_json` may say
/// too, and then counts; of parts with one name the last counts.
async fn multipart(request: Request, bytes_max: usize) -> Result<Payload, Fault> {
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| misshapen())?;
    let (mut json, mut plain) = (Json::parse(b"{}")?, Map::new());
    let mut files = Vec::new();
    while let Some(field) = parts.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "payload_json" {
            json = Json::parse(&text(field, bytes_max).await?)?.object()?;
        } else if field.file_name().is_some() || name.starts_with("files[") {
            swallow(field).await?;
            if files.is_empty() {
                files.push(name);
            }
        } else if matches!(name.as_str(), "content" | "nonce" | "tts") {
            let value = text(field, bytes_max).await?;
            plain.insert(name.clone(), value_of(&name, &value));
        }
    }
    if let Value::Object(keys) = &mut json.0 {
        for (key, value) in plain {
            keys.entry(key).or_insert(value);
        }
    }
    Ok(Payload { json, files })
}

/// Reads a form in pieces, as they arrive; `None` when its type is another, or waits for more than
/// the form.
#[cfg(feature = "testing")]
pub(crate) fn form_in_pieces(
    content_type: &str,
    pieces: &[&[u8]],
    bytes_max: usize,
) -> Option<Result<(Value, Vec<String>), Fault>> {
    use futures_util::{FutureExt as _, stream};

    if !is_multipart(content_type) {
        return None;
    }
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| std::io::Result::Ok(bytes::Bytes::copy_from_slice(piece)))
        .collect();
    let body = axum::body::Body::from_stream(stream::iter(pieces));
    let request = Request::builder().header(CONTENT_TYPE, content_type).body(body).ok()?;
    let read = multipart(request, bytes_max).now_or_never()?;
    Some(read.map(|payload| (payload.json.0, payload.files)))
}

/// Reads a form's own value of a key that `payload_json` could hold too.
fn value_of(name: &str, value: &[u8]) -> Value {
    match name {
        "tts" => Value::Bool(value == b"true"),
        _ => Value::String(String::from_utf8_lossy(value).into_owned()),
    }
}

async fn text(mut field: Field<'_>, bytes_max: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(Fault::too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads a file to its end, so that its sender gets to read the answer, and keeps nothing.
async fn swallow(mut field: Field<'_>) -> Result<(), Fault> {
    while field.chunk().await.map_err(|error| broken(&error))?.is_some() {}
    Ok(())
}

fn broken(error: &MultipartError) -> Fault {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Fault::too_large() } else { misshapen() }
}

fn misshapen() -> Fault {
    Fault::field("", "MULTIPART_INVALID", "The body is not valid multipart/form-data.")
}
