//! Checks of single fields, with Discord's words for what is wrong.

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

/// Checks a number.
pub(super) fn number(field: &str, value: u64, min: u64, max: u64) -> Result<(), Refusal> {
    if value < min {
        let message = format!("int value should be greater than or equal to {min}.");
        return Err(Refusal::field(field, "NUMBER_TYPE_MIN", message));
    }
    if value > max {
        let message = format!("int value should be less than or equal to {max}.");
        return Err(Refusal::field(field, "NUMBER_TYPE_MAX", message));
    }
    Ok(())
}

/// Checks that a number is one of a few.
pub(super) fn choice(field: &str, value: u32, choices: &[u32]) -> Result<(), Refusal> {
    if choices.contains(&value) {
        return Ok(());
    }
    let message = format!("Value must be one of {choices:?}.");
    Err(Refusal::field(field, "BASE_TYPE_CHOICES", message))
}

/// Refuses the absence of a field.
pub(super) fn required(field: &str) -> Refusal {
    Refusal::field(field, "BASE_TYPE_REQUIRED", "This field is required")
}

fn too_long(field: &str, max: usize) -> Refusal {
    Refusal::field(field, "BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."))
}
