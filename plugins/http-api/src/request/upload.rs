//! Bodies of messages: JSON, or multipart with files, which are counted and dropped.

use std::sync::Arc;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::body::{Json, read};
use crate::api::Api;
use crate::fault::Fault;

/// Files that one message may have, as at Discord.
const FILES_MAX: usize = 10;

/// A body that may come with files.
#[derive(Debug)]
pub(crate) struct Payload {
    /// The JSON part.
    pub(crate) json: Json,
    /// What is known of the files.
    pub(crate) uploads: Vec<Upload>,
}

/// A file that was read and dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// The `n` of `files[n]`.
    pub(crate) index: String,
    /// Name as the client gave it.
    pub(crate) filename: String,
    /// Type as the client gave it.
    pub(crate) content_type: Option<String>,
    /// Bytes.
    pub(crate) size: usize,
}

impl FromRequest<Arc<Api>> for Payload {
    type Rejection = Fault;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Fault> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if content_type.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            return multipart(request, api).await;
        }
        let body = read(request, api.config.json_bytes_max).await?;
        Ok(Self { json: Json::parse(&body)?.object()?, uploads: Vec::new() })
    }
}

async fn multipart(request: Request, api: &Arc<Api>) -> Result<Payload, Fault> {
    let mut parts = Multipart::from_request(request, api).await.map_err(|_| misshapen())?;
    let mut payload = Payload { json: Json::parse(b"{}")?, uploads: Vec::new() };
    while let Some(field) = parts.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "payload_json" {
            payload.json = Json::parse(&text(field, api.config.json_bytes_max).await?)?.object()?;
        } else if field.file_name().is_some() {
            if payload.uploads.len() == FILES_MAX {
                let message = format!("Must be {FILES_MAX} or fewer in length.");
                return Err(Fault::field("files", "BASE_TYPE_MAX_LENGTH", message));
            }
            payload.uploads.push(swallow(field, &name, payload.uploads.len()).await?);
        } else if matches!(name.as_str(), "content" | "nonce" | "tts") {
            let value = text(field, api.config.json_bytes_max).await?;
            payload.json.0[name.as_str()] = plain(&name, &value);
        }
    }
    Ok(payload)
}

/// Reads a form's own value of a key that `payload_json` could hold too.
fn plain(name: &str, value: &[u8]) -> Value {
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

/// Reads a file to its end and keeps what it was called and how long it is.
async fn swallow(mut field: Field<'_>, name: &str, order: usize) -> Result<Upload, Fault> {
    let index = name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']'));
    let mut upload = Upload {
        index: index.map_or_else(|| order.to_string(), str::to_owned),
        filename: field.file_name().unwrap_or("file").to_owned(),
        content_type: field.content_type().map(str::to_owned),
        size: 0,
    };
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        upload.size += chunk.len();
    }
    Ok(upload)
}

fn broken(error: &MultipartError) -> Fault {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Fault::too_large() } else { misshapen() }
}

fn misshapen() -> Fault {
    Fault::field("", "MULTIPART_INVALID", "The body is not valid multipart/form-data.")
}
