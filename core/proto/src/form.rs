//! Reads typed values from JSON that somebody else wrote.
//!
//! A body is read field by field into a type of ours; whatever it holds besides is never looked at,
//! so nothing foreign passes through. A [`Form`] is an object, a [`Field`] one of its keys. Each
//! reader of a field answers with a value or with nothing, and says what was wrong to the report
//! that all readers of one body share, with the path of the field and Discord's words:
//!
//! ```
//! use serde_json::json;
//! use throng_proto::form::{self, Form, FromForm};
//!
//! struct Footer {
//!     text: String,
//! }
//!
//! impl FromForm for Footer {
//!     fn from_form(form: &Form<'_>) -> Option<Self> {
//!         Some(Self { text: form.field("text").required().text(1..=2048)? })
//!     }
//! }
//!
//! assert_eq!(form::read::<Footer>(&json!({ "text": "x" })).unwrap().text, "x");
//! assert!(form::read::<Footer>(&json!({ "text": 5 })).is_err());
//! assert!(form::read::<Footer>(&json!(["x"])).is_err());
//! assert!(form::salvage::<Footer>(&json!({})).is_none());
//! ```
//!
//! There are two manners. [`read`] is strict: one wrong field refuses the whole, and all that is
//! wrong is reported. [`salvage`] is lenient, for what is corrected silently or was stored by an
//! older build: texts are cut at their maximum, lists too, and what does not fit is left out.
//!
//! In both, null is the same as absent but for [`Field::or_clear`]; an array is never an object;
//! NUL is taken out of texts, which libraries in C would end at it; and `5.0` is a whole number.

mod depth;
mod field;
mod host;
mod number;
mod report;
pub mod text;
mod url;

use serde_json::{Map, Value};

pub use self::depth::depth;
pub use self::field::Field;
pub use self::host::is_place;
use self::report::{Path, Report};
pub use self::url::Urls;
use crate::refusal::Refusal;

/// Something that can be read from an object.
pub trait FromForm: Sized {
    /// Reads it; `None` when something that it cannot be without is wrong or missing, of which the
    /// readers of the fields have told the report.
    fn from_form(form: &Form<'_>) -> Option<Self>;
}

/// Reads a whole body strictly.
///
/// # Errors
///
/// [`Refusal::InvalidForm`] with everything that is wrong, up to a bound.
pub fn read<T: FromForm>(body: &Value) -> Result<T, Refusal> {
    read_with(body, |body| body.form())
}

/// Reads a whole body strictly, as something other than an object.
///
/// # Errors
///
/// As of [`read`].
pub fn read_with<T>(
    body: &Value,
    read: impl FnOnce(&Field<'_>) -> Option<T>,
) -> Result<T, Refusal> {
    let report = Report::strict();
    let value = read(&Field::root(body, &report));
    let wrong = report.into_errors();
    match value {
        Some(value) if wrong.is_empty() => Ok(value),
        None if wrong.is_empty() => {
            Err(Refusal::field("", "BASE_TYPE_INVALID", "The body cannot be read."))
        }
        _ => Err(Refusal::InvalidForm(wrong)),
    }
}

/// Reads leniently what can be read; see the module.
#[must_use]
pub fn salvage<T: FromForm>(body: &Value) -> Option<T> {
    salvage_with(body, |body| body.form())
}

/// Reads leniently something other than an object.
#[must_use]
pub fn salvage_with<T>(body: &Value, read: impl FnOnce(&Field<'_>) -> Option<T>) -> Option<T> {
    read(&Field::root(body, &Report::lenient()))
}

/// An object that is being read.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    keys: &'a Map<String, Value>,
    path: &'a Path<'a>,
    report: &'a Report,
}

impl Form<'_> {
    /// Takes one key.
    #[must_use]
    pub fn field<'b>(&'b self, key: &'b str) -> Field<'b> {
        Field::new(self.keys.get(key), self.path.key(key), self.report)
    }

    /// Returns its keys, where their names are a client's to choose.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// Reports something about the object as a whole.
    pub fn wrong(&self, code: &'static str, message: impl Into<String>) {
        self.report.add(self.path, code, message.into());
    }

    /// Refuses keys that nothing here serves, where they would have an effect; see
    /// [`Field::unserved`].
    pub fn unserved(&self, keys: &[&str]) {
        for key in keys {
            self.field(key).unserved();
        }
    }

    /// Refuses keys that are none of these, where a slip should be told and not passed over.
    pub fn only(&self, known: &[&str]) {
        for key in self.keys().filter(|key| !known.contains(key)) {
            let message = format!("Unknown field; known are {}.", known.join(", "));
            self.field(key).wrong("UNKNOWN_FIELD", message);
        }
    }

    /// Counts what was reported until now.
    pub(crate) fn wrongs(&self) -> usize {
        self.report.len()
    }

    /// Tells whether what is wrong is left out instead of refusing the whole.
    #[must_use]
    pub const fn is_lenient(&self) -> bool {
        self.report.is_lenient()
    }
}
