//! One field of a body, and the readers of all kinds of values.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::number::whole;
use super::report::{Path, Report};
use super::url::{URL_MAX, Wrong};
use super::{Form, FromForm, Urls, text};
use crate::id::Id;
use crate::permissions::Permissions;
use crate::time::{Moment, Timestamp};

/// Characters of a wrong value that an answer repeats.
const QUOTED_MAX: usize = 64;

/// A key of an object, an item of a list, or a whole body.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    value: Option<&'a Value>,
    path: Path<'a>,
    report: &'a Report,
}

impl<'a> Field<'a> {
    pub(super) const fn new(value: Option<&'a Value>, path: Path<'a>, report: &'a Report) -> Self {
        Self { value, path, report }
    }

    pub(super) const fn root(value: &'a Value, report: &'a Report) -> Self {
        Self { value: Some(value), path: Path::ROOT, report }
    }

    /// Returns what is there; null is nothing.
    #[must_use]
    pub fn value(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }

    /// Tells whether nothing is there, or null.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.value().is_none()
    }

    /// Reports something about this field.
    pub fn wrong(&self, code: &'static str, message: impl Into<String>) {
        self.report.add(&self.path, code, message.into());
    }

    /// Reports its absence.
    #[must_use]
    pub fn required(self) -> Self {
        if self.is_absent() {
            self.wrong("BASE_TYPE_REQUIRED", "This field is required");
        }
        self
    }

    /// Refuses a field that nothing here serves, unless it asks for nothing: null, false, zero, or
    /// an empty text, list or object, which libraries send where their user said nothing.
    pub fn unserved(&self) {
        let asks = self.value().is_some_and(|value| match value {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(value) => value.as_f64() != Some(0.0),
            Value::String(value) => !value.is_empty(),
            Value::Array(value) => !value.is_empty(),
            Value::Object(value) => !value.is_empty(),
        });
        if asks {
            self.wrong("NOT_SUPPORTED", "Throng does not serve this field.");
        }
    }

    /// Tells null, which clears, from absence, which leaves a setting as it is.
    pub fn or_clear<T>(&self, read: impl FnOnce(&Self) -> Option<T>) -> Option<Option<T>> {
        match self.value? {
            Value::Null => Some(None),
            _ => read(self).map(Some),
        }
    }

    fn convert<T>(&self, value: Option<T>, code: &'static str, message: &str) -> Option<T> {
        if value.is_none() {
            self.wrong(code, message);
        }
        value
    }

    /// Reads a text of so many characters. Where at least one is needed, blanks alone are none.
    pub fn text(&self, length: RangeInclusive<usize>) -> Option<String> {
        self.string(length, text::clean)
    }

    /// Reads a text that may be missing, without blanks at its ends; blanks alone are nothing.
    pub fn words(&self, max: usize) -> Option<String> {
        let words = self.string(0..=max, |text| text::clean(text).trim().to_owned())?;
        Some(words).filter(|words| !words.is_empty())
    }

    /// Reads a name: see [`text::name`]. Where a character is needed, one that shows is.
    pub fn name(&self, length: RangeInclusive<usize>) -> Option<String> {
        self.string(length, text::name)
    }

    fn string(
        &self,
        length: RangeInclusive<usize>,
        prepare: impl FnOnce(&str) -> String,
    ) -> Option<String> {
        let given = self.str()?;
        let (min, max) = (*length.start(), *length.end());
        let mut prepared = prepare(given);
        if text::is_longer(&prepared, max) {
            if !self.report.is_lenient() {
                self.bad_length(min, max);
                return None;
            }
            prepared.truncate(text::cut(&prepared, max).len());
        }
        if min == 0 {
            return Some(prepared);
        }
        if prepared.trim().is_empty() {
            self.wrong("BASE_TYPE_REQUIRED", "This field is required");
            return None;
        }
        if prepared.chars().take(min).count() < min {
            self.bad_length(min, max);
            return None;
        }
        Some(prepared)
    }

    /// Reads a string without looking at what it says.
    pub fn str(&self) -> Option<&'a str> {
        let value = self.value()?;
        self.convert(value.as_str(), "STRING_TYPE_CONVERT", "Could not interpret as string.")
    }

    fn bad_length(&self, min: usize, max: usize) {
        if min == 0 {
            self.wrong("BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."));
        } else {
            let message = format!("Must be between {min} and {max} in length.");
            self.wrong("BASE_TYPE_BAD_LENGTH", message);
        }
    }

    /// Reads a whole number in a range.
    pub fn number<T: TryFrom<i64>>(&self, range: RangeInclusive<i64>) -> Option<T> {
        let number = self.whole("int")?;
        let (min, max) = (*range.start(), *range.end());
        if number < min.into() {
            let message = format!("int value should be greater than or equal to {min}.");
            self.wrong("NUMBER_TYPE_MIN", message);
            return None;
        }
        if number > max.into() {
            let message = format!("int value should be less than or equal to {max}.");
            self.wrong("NUMBER_TYPE_MAX", message);
            return None;
        }
        let number = i64::try_from(number).ok().and_then(|number| T::try_from(number).ok());
        self.convert(number, "NUMBER_TYPE_COERCE", "Value is not int.")
    }

    /// Reads one of a few whole numbers.
    pub fn number_of<T: TryFrom<i64>>(&self, choices: &[i64]) -> Option<T> {
        let number = self.whole("int")?;
        let chosen = choices.iter().find(|choice| i128::from(**choice) == number);
        if chosen.is_none() {
            self.no_choice(choices.iter().map(ToString::to_string));
        }
        T::try_from(*chosen?).ok()
    }

    /// Reads a number with a fraction.
    pub fn real(&self, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match self.value()? {
            Value::Number(number) => number.as_f64().filter(|number| range.contains(number)),
            _ => None,
        };
        let message = format!("Must be a number from {} to {}.", range.start(), range.end());
        self.convert(number, "FLOAT_TYPE_COERCE", &message)
    }

    fn whole(&self, what: &str) -> Option<i128> {
        let value = self.value()?;
        let number = whole(value);
        if number.is_none() {
            let message = format!("Value \"{}\" is not {what}.", quoted(value));
            self.wrong("NUMBER_TYPE_COERCE", message);
        }
        number
    }

    fn no_choice(&self, choices: impl Iterator<Item = String>) {
        let choices = choices.collect::<Vec<_>>().join(", ");
        let message = format!("Value must be one of ({choices}).");
        self.wrong("BASE_TYPE_CHOICES", message);
    }

    /// Reads one of a few words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let given = self.str()?;
        let chosen = words.iter().find(|(word, _)| *word == given).map(|(_, meaning)| *meaning);
        if chosen.is_none() {
            self.no_choice(words.iter().map(|(word, _)| format!("'{word}'")));
        }
        chosen
    }

    /// Reads an id, a string or a number: not zero, and at most 63 bits, as libraries hold them.
    pub fn id<M>(&self) -> Option<Id<M>> {
        let number = self.whole("snowflake")?;
        let id = i64::try_from(number).ok().filter(|id| *id > 0).and_then(|id| id.try_into().ok());
        let message = format!("Value \"{number}\" is not snowflake.");
        self.convert(id.map(Id::new), "NUMBER_TYPE_COERCE", &message)
    }

    /// Reads permissions, a string or a number.
    pub fn permissions(&self) -> Option<Permissions> {
        let number = self.whole("int")?;
        let bits = u64::try_from(number).ok().map(Permissions::from_bits);
        self.convert(bits, "NUMBER_TYPE_COERCE", "Permissions have up to 64 bits.")
    }

    /// Reads true or false.
    pub fn flag(&self) -> Option<bool> {
        let value = self.value()?;
        self.convert(value.as_bool(), "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
    }

    /// Reads an RGB colour as a whole number.
    pub fn color(&self) -> Option<u32> {
        self.number(0..=0xff_ffff)
    }

    /// Reads a moment since 1970.
    pub fn time(&self) -> Option<Timestamp> {
        let moment = self.moment()?;
        let message = "Must be after the year 1969.";
        self.convert(moment.timestamp(), "DATE_TIME_TYPE_MIN", message)
    }

    /// Reads a moment of any year.
    pub fn moment(&self) -> Option<Moment> {
        let text = self.str()?;
        let message =
            format!("Could not parse {}. Should be ISO8601.", text::cut(text, QUOTED_MAX));
        self.convert(Moment::parse(text), "DATE_TIME_TYPE_PARSE", &message)
    }

    /// Reads an address of at most 2048 characters.
    pub fn url(&self, urls: Urls) -> Option<String> {
        let url = self.str()?.trim();
        if text::is_longer(url, URL_MAX) {
            self.bad_length(0, URL_MAX);
            return None;
        }
        match urls.check(url) {
            Ok(()) => return Some(url.to_owned()),
            Err(Wrong::Form) => self.wrong("URL_TYPE_INVALID_URL", "Not a well formed URL."),
            Err(Wrong::Scheme) => {
                let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
                let scheme = text::cut(scheme, QUOTED_MAX);
                let message = format!(
                    "Scheme \"{scheme}\" is not supported. Scheme must be one of {}.",
                    urls.schemes()
                );
                self.wrong("URL_TYPE_INVALID_SCHEME", message);
            }
        }
        None
    }

    /// Reads a list of so many items. Strictly, a longer list is not looked into; leniently, only
    /// its first items are, and those that cannot be read are left out.
    pub fn list<T>(
        &self,
        count: RangeInclusive<usize>,
        mut read: impl FnMut(&Field<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.items(count, |item| read(&item.required()))
    }

    /// Reads a list in which null stands for nothing.
    pub fn sparse<T>(
        &self,
        count: RangeInclusive<usize>,
        mut read: impl FnMut(&Field<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.items(count, |item| read(&item))
    }

    fn items<T>(
        &self,
        count: RangeInclusive<usize>,
        mut read: impl FnMut(Field<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.value()?.as_array();
        let message = "Only iterables may be used in a ListType";
        let items = self.convert(items, "LIST_TYPE_CONVERT", message)?;
        let (min, max) = (*count.start(), *count.end());
        let many = items.len() > max && !self.report.is_lenient();
        if many || items.len() < min {
            self.bad_length(min, max);
            return None;
        }
        let mut read_items = Vec::with_capacity(items.len().min(max));
        for (index, item) in items.iter().take(max).enumerate() {
            read_items.extend(read(Field::new(Some(item), self.path.index(index), self.report)));
        }
        Some(read_items)
    }

    /// Reads an object; an array is none.
    pub fn object<T>(&self, read: impl FnOnce(&Form<'_>) -> Option<T>) -> Option<T> {
        let keys = self.value.and_then(Value::as_object);
        if keys.is_none() && (self.value().is_some() || self.path.is_root()) {
            let message = "Only dictionaries may be used in a ModelType";
            self.wrong("MODEL_TYPE_CONVERT", message);
        }
        read(&Form { keys: keys?, path: &self.path, report: self.report })
    }

    /// Reads a typed object.
    pub fn form<T: FromForm>(&self) -> Option<T> {
        self.object(T::from_form)
    }

    /// Reads a list of typed objects.
    pub fn forms<T: FromForm>(&self, count: RangeInclusive<usize>) -> Option<Vec<T>> {
        self.list(count, |item| item.form())
    }
}

/// Repeats the beginning of a wrong value.
fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => text::cut(text, QUOTED_MAX).to_owned(),
        Value::Array(_) => "[...]".to_owned(),
        Value::Object(_) => "{...}".to_owned(),
        other => other.to_string(),
    }
}
