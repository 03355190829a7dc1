//! Compares what was told with what was due, and says briefly where they part.

use std::fmt::Debug;

use anyhow::{Result, bail};

/// Items shown on either side of the first difference.
const SHOWN_MAX: usize = 5;

/// Checks that both are the same, in the same order.
///
/// # Errors
///
/// Fails with both counts and what stands around the first difference.
pub fn alike<T: Debug, U: Debug + PartialEq<T>>(told: &[T], due: &[U]) -> Result<()> {
    let parted = told.iter().zip(due).position(|(told, due)| due != told);
    if parted.is_none() && told.len() == due.len() {
        return Ok(());
    }
    let at = parted.unwrap_or_else(|| told.len().min(due.len()));
    let (start, told_end) = (at.saturating_sub(SHOWN_MAX), told.len().min(at + SHOWN_MAX));
    let due_end = due.len().min(at + SHOWN_MAX);
    bail!(
        "{} told and {} due; they part at {at}, told {:?}, due {:?}",
        told.len(),
        due.len(),
        &told[start..told_end],
        &due[start..due_end]
    )
}
