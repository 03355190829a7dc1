//! Texts of scripts and modules, read once, and where in them something is wrong.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rhai::Position;
use throng_ports::policy::PolicyFault;

/// One file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

impl Source {
    /// Reads a file of at most `bytes_max` bytes; a byte order mark in front is no part of it.
    ///
    /// # Errors
    ///
    /// It cannot be read, is longer, or is not UTF-8.
    pub fn read(path: &Path, bytes_max: u64) -> io::Result<Self> {
        let mut text = String::new();
        File::open(path)?.take(bytes_max.saturating_add(1)).read_to_string(&mut text)?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > bytes_max {
            let message = format!("more than {bytes_max} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok(Self { path: path.to_owned(), text: without_mark(text) })
    }

    /// Describes what is wrong at a place, with the line and a caret under it.
    #[must_use]
    pub fn fault(&self, position: Position, message: impl Into<String>) -> PolicyFault {
        let (line, column) = (position.line().unwrap_or(0), position.position().unwrap_or(0));
        let text = line.checked_sub(1).and_then(|index| self.text.lines().nth(index));
        fault(&self.path, (line, column), text, message.into())
    }
}

/// Takes the byte order mark off that some editors write.
#[must_use]
pub fn without_mark(mut text: String) -> String {
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    text
}

/// Describes what is wrong with a whole file.
#[must_use]
pub fn fault_of(path: &Path, message: impl Into<String>) -> PolicyFault {
    fault(path, (0, 0), None, message.into())
}

fn fault(
    path: &Path,
    (line, column): (usize, usize),
    text: Option<&str>,
    message: String,
) -> PolicyFault {
    let file = path.display().to_string();
    let place = match (line, column) {
        (0, _) => file.clone(),
        (line, 0) => format!("{file}:{line}"),
        (line, column) => format!("{file}:{line}:{column}"),
    };
    let mut report = format!("{place}: {message}");
    if let Some(text) = text {
        let number = line.to_string();
        report.push_str(&format!("\n {number} | {text}"));
        if let Some(before) = column.checked_sub(1) {
            // Tabs stay tabs, so that the caret stands under its character.
            let pad = text.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' });
            let pad: String = pad.collect();
            report.push_str(&format!("\n {} | {pad}^", " ".repeat(number.len())));
        }
    }
    PolicyFault { file, line, column, message, report }
}
