//! Reads lists of a stored message that an older build may have taken as they came.
//!
//! An item that is none any more is left out or mended, and never costs the message.

mod shallow;

use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde_json::Value;

use self::shallow::Shallow;
use super::{Attachment, Component, Embed};
use crate::form::salvage_with;

/// Embeds of a stored message; more than any limit was.
const EMBEDS_MAX: usize = 100;
/// Components of a stored message, those inside others among them.
const COMPONENTS_MAX: usize = 1000;
/// Files of a stored message.
const ATTACHMENTS_MAX: usize = 100;

pub(super) fn embeds<'de, D: Deserializer<'de>>(stored: D) -> Result<Vec<Embed>, D::Error> {
    let items = items(stored)?;
    Ok(salvage_with(&items, |list| Embed::list(list, EMBEDS_MAX)).unwrap_or_default())
}

pub(super) fn components<'de, D: Deserializer<'de>>(stored: D) -> Result<Vec<Component>, D::Error> {
    let items = items(stored)?;
    Ok(salvage_with(&items, |list| Component::list(list, COMPONENTS_MAX)).unwrap_or_default())
}

pub(super) fn attachments<'de, D: Deserializer<'de>>(
    stored: D,
) -> Result<Vec<Attachment>, D::Error> {
    let items = items(stored)?;
    let read = salvage_with(&items, |list| list.forms::<Attachment>(0..=ATTACHMENTS_MAX));
    Ok(read.unwrap_or_default())
}

fn items<'de, D: Deserializer<'de>>(stored: D) -> Result<Value, D::Error> {
    Shallow::new().deserialize(stored)
}
