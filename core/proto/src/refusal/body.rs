//! Why a request of the HTTP API was not done, as the body of its answer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::FieldError;
use crate::json;

/// The body of an answer other than success, over HTTP or over a link. See
/// [Discord Docs/Error Messages].
///
/// [Discord Docs/Error Messages]: https://discord.com/developers/docs/reference#error-messages
#[derive(Clone, Debug, Serialize)]
pub struct ErrorBody<'a> {
    code: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Tree<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    global: Option<bool>,
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<f64>,
}

/// What is wrong with a field, and with those inside it.
#[derive(Clone, Debug, Default)]
struct Tree<'a> {
    errors: Vec<&'a FieldError>,
    fields: BTreeMap<&'a str, Self>,
}

impl<'a> ErrorBody<'a> {
    /// Says what is wrong, with Discord's code, which is 0 where it has none.
    #[must_use]
    pub fn new(code: u32, message: impl Into<Cow<'a, str>>) -> Self {
        Self { code, errors: None, global: None, message: message.into(), retry_after: None }
    }

    /// Adds what is wrong with which field: `embeds.0.title` becomes
    /// `{"embeds":{"0":{"title":{"_errors":[..]}}}}`. None are left out.
    #[must_use]
    pub fn with_fields(self, fields: &'a [FieldError]) -> Self {
        let mut root = Tree::default();
        for field in fields {
            let path = field.field.split('.').filter(|key| !key.is_empty());
            let place = path.fold(&mut root, |place, key| place.fields.entry(key).or_default());
            place.errors.push(field);
        }
        Self { errors: (!fields.is_empty()).then_some(root), ..self }
    }

    /// Adds when to come back, in seconds: rounded up to milliseconds, so that a client that waits
    /// exactly as told is let in.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Self {
        Self { retry_after: Some((after.as_secs_f64() * 1000.0).ceil() / 1000.0), ..self }
    }

    /// Adds whether the limit that was reached is one over all routes.
    #[must_use]
    pub const fn global(mut self, global: bool) -> Self {
        self.global = Some(global);
        self
    }

    /// Returns the body.
    #[must_use]
    pub fn text(&self) -> String {
        json::text(self)
    }
}

/// Key under which a field's own errors stand.
const OWN: &str = "_errors";

impl Serialize for Tree<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// What stands at a key.
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Entry<'a> {
            Errors(Vec<Error<'a>>),
            Field(&'a Tree<'a>),
        }
        #[derive(Serialize)]
        struct Error<'a> {
            code: &'a str,
            message: &'a str,
        }
        // A field that is called so itself gives way to the errors of the one that it is in.
        let fields = self.fields.iter().map(|(key, field)| (*key, Entry::Field(field)));
        let own = self.errors.iter();
        let own: Vec<_> =
            own.map(|found| Error { code: found.code, message: &found.message }).collect();
        let own = (!own.is_empty()).then_some((OWN, Entry::Errors(own)));
        fields.chain(own).collect::<BTreeMap<_, _>>().serialize(serializer)
    }
}
