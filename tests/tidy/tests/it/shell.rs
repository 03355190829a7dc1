//! How the shell is built.

use throng_tidy::tree::File;

use crate::{none, rust_files};

/// The one place that reads clocks.
const CLOCK: &str = "core/shell/src/clock.rs";
/// What reads one, also by way of a moment that was read before.
const READINGS: &[&str] = &["Instant::now", "SystemTime::now", ".elapsed()"];

#[test]
fn clocks_are_read_in_one_place() {
    let mut faults = Vec::new();
    for file in sources().iter().filter(|file| file.path != CLOCK) {
        for (number, _) in
            file.lines().filter(|(_, line)| READINGS.iter().any(|r| line.contains(r)))
        {
            faults.push(format!("{}:{number}: reads a clock; ask {CLOCK}", file.path));
        }
    }
    none(faults);
}

/// The files of the shell.
fn sources() -> Vec<File> {
    rust_files().into_iter().filter(|file| file.path.starts_with("core/shell/src/")).collect()
}
