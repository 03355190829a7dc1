//! What a client says of being there.

use crate::form::Form;
use crate::model::{Activities, Status};

use super::error::DecodeError;
use super::shape::{is_nothing, wrong};

/// A client's presence.
#[derive(Clone, Debug, Default)]
pub struct PresenceUpdate {
    /// Since when idle, in milliseconds since 1970; anything but a whole number counts as none.
    pub since: Option<u64>,
    /// Activities; what is none was left out.
    pub activities: Activities,
    /// Status; unknown words count as online.
    pub status: Status,
    /// Away from keyboard: a hint for notifications.
    pub afk: bool,
}

impl PresenceUpdate {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// The activities are something else than a list. What is wrong inside of them is left out, cut
    /// or corrected.
    pub(super) fn read(form: &Form<'_>) -> Result<Self, DecodeError> {
        let status = form.field("status").word(&[
            ("online", Status::Online),
            ("idle", Status::Idle),
            ("dnd", Status::Dnd),
            ("invisible", Status::Invisible),
            ("offline", Status::Offline),
        ]);
        Ok(Self {
            since: form.field("since").number(0..=i64::MAX),
            activities: activities(form)?,
            status: status.unwrap_or_default(),
            afk: form.field("afk").flag() == Some(true),
        })
    }
}

/// Reads `activities`, or the one that older libraries name as `game`.
fn activities(form: &Form<'_>) -> Result<Activities, DecodeError> {
    let field = form.field("activities");
    match field.value() {
        None => Ok(Activities::one(&form.field("game"))),
        Some(value) if value.is_array() || is_nothing(value) => Ok(Activities::read(&field)),
        Some(_) => Err(wrong("activities")),
    }
}
