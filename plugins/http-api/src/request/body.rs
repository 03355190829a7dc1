//! JSON bodies, with errors that name the field.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use futures_util::StreamExt;
use http::header::CONTENT_LENGTH;
use serde_json::Value;
use throng_proto::form::{self, Field, FromForm};

use crate::api::Api;
use crate::fault::Fault;

/// What some editors and libraries put before UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Objects of a body that is a list: 100 typed commands of an application, and 15 of each other
/// kind.
const LIST_MAX: usize = 130;

/// Levels of objects and lists in a body; the deepest one with a meaning has 12.
const DEPTH_MAX: usize = 32;

/// A JSON body that is an object; an empty one counts as `{}`.
#[derive(Debug)]
pub(crate) struct Form<T>(pub(crate) T);

/// A JSON body that is an array of at most [`LIST_MAX`] objects.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<T: FromForm> FromRequest<Arc<Api>> for Form<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Fault> {
        let body = read(request, api.config.json_bytes_max).await?;
        Json::parse(&body)?.form().map(Self)
    }
}

impl<T: FromForm> FromRequest<Arc<Api>> for List<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Fault> {
        let body = read(request, api.config.json_bytes_max).await?;
        let read = |list: &Field<'_>| list.forms(0..=LIST_MAX);
        Ok(Self(form::read_with(&Json::parse(&body)?.0, read)?))
    }
}

/// Text that is JSON, before anything was made of it.
#[derive(Debug)]
pub(crate) struct Json(pub(crate) Value);

impl Json {
    /// Reads text, with or without a byte order mark; none at all is an empty object.
    ///
    /// # Errors
    ///
    /// It is not JSON, or nests deeper than [`DEPTH_MAX`].
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Fault> {
        let text = text.strip_prefix(BOM).unwrap_or(text);
        if form::depth(text) > DEPTH_MAX {
            let message = format!("Objects and lists nest deeper than {DEPTH_MAX} levels.");
            return Err(Fault::field("", "DEPTH_EXCEEDED", message).at("depth"));
        }
        if text.trim_ascii().is_empty() {
            return Ok(Self(Value::Object(serde_json::Map::new())));
        }
        serde_json::from_slice(text).map(Self).map_err(|_| Fault::broken_json())
    }

    /// Makes sure that it is an object: serde would read a struct from an array too.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub(crate) fn object(self) -> Result<Self, Fault> {
        if self.0.is_object() {
            return Ok(self);
        }
        Err(Fault::field("", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"))
    }

    /// Reads a form of it.
    ///
    /// # Errors
    ///
    /// Fields are wrong or missing; the answer says which.
    pub(crate) fn form<T: FromForm>(&self) -> Result<T, Fault> {
        Ok(form::read(&self.0)?)
    }
}

/// Reads a body of at most `bytes_max` bytes.
///
/// # Errors
///
/// The body is longer, or broke off.
pub(crate) async fn read(request: Request, bytes_max: usize) -> Result<Vec<u8>, Fault> {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    // Refused before it is read, so that nobody uploads in vain.
    if length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > bytes_max)
    {
        return Err(Fault::too_large());
    }
    collect(request.into_body(), bytes_max).await
}

async fn collect(body: Body, bytes_max: usize) -> Result<Vec<u8>, Fault> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Fault::broken_json())?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(Fault::too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
