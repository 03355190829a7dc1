//! Keys of the query.

use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use throng_proto::id::Id;

use crate::fault::Fault;

/// The query of a request; keys that nobody reads are ignored, as Discord does.
#[derive(Debug)]
pub(crate) struct Search(Vec<(String, String)>);

impl Search {
    fn text(&self, key: &str) -> Option<&str> {
        let value = self.0.iter().find(|(name, _)| name == key)?.1.as_str();
        (!value.is_empty()).then_some(value)
    }

    /// Reads a number; `what` is what it should be.
    pub(crate) fn number<T: FromStr>(&self, key: &str, what: &str) -> Result<Option<T>, Fault> {
        let wrong = |text| {
            Fault::field(key, "NUMBER_TYPE_COERCE", format!("Value \"{text}\" is not {what}."))
        };
        self.text(key).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
    }

    /// Reads a snowflake.
    pub(crate) fn id<M>(&self, key: &str) -> Result<Option<Id<M>>, Fault> {
        self.number(key, "snowflake")
    }

    /// Reads `limit`, which must lie in `range`.
    pub(crate) fn limit(
        &self,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, Fault> {
        let limit = self.number("limit", "int")?.unwrap_or(default);
        let (min, max) = (range.start(), range.end());
        if limit < *min {
            let message = format!("int value should be greater than or equal to {min}.");
            Err(Fault::field("limit", "NUMBER_TYPE_MIN", message))
        } else if limit > *max {
            let message = format!("int value should be less than or equal to {max}.");
            Err(Fault::field("limit", "NUMBER_TYPE_MAX", message))
        } else {
            Ok(limit)
        }
    }

    /// Tells whether a switch is on: `true`, `True` or `1`.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| matches!(text, "true" | "True" | "1"))
    }

    /// Reads a text that must be there.
    pub(crate) fn required(&self, key: &str) -> Result<&str, Fault> {
        let missing = || Fault::field(key, "BASE_TYPE_REQUIRED", "This field is required");
        self.text(key).ok_or_else(missing)
    }

    /// Reads a word, or nothing.
    pub(crate) fn word(&self, key: &str) -> Option<&str> {
        self.text(key)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Search {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Pairs of strings can be read from any query.
        Ok(Self(Query::try_from_uri(&parts.uri).map(|Query(pairs)| pairs).unwrap_or_default()))
    }
}
