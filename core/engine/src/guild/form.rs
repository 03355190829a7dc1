//! Checks of what the guild has settings for; all else is checked where a form is read.

use throng_proto::refusal::Refusal;

/// Checks the length of a text in characters.
pub(super) fn length(field: &str, text: &str, min: usize, max: usize) -> Result<(), Refusal> {
    // Bytes are an upper bound of characters, and counting them is free.
    let chars = if text.len() <= max { text.len() } else { text.chars().count() };
    let short = min > 0 && text.chars().take(min).count() < min;
    if chars <= max && !short {
        return Ok(());
    }
    if min == 0 {
        return Err(too_long(field, max));
    }
    let message = format!("Must be between {min} and {max} in length.");
    Err(Refusal::field(field, "BASE_TYPE_BAD_LENGTH", message))
}

/// Checks how many items a list has.
pub(super) fn count(field: &str, items: usize, max: usize) -> Result<(), Refusal> {
    if items <= max { Ok(()) } else { Err(too_long(field, max)) }
}

/// Refuses the absence of a field.
pub(super) fn required(field: &str) -> Refusal {
    Refusal::field(field, "BASE_TYPE_REQUIRED", "This field is required")
}

fn too_long(field: &str, max: usize) -> Refusal {
    Refusal::field(field, "BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."))
}
