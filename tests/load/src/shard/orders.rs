//! Orders as they come in, and news as they go out.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;

use crate::order::News;

/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1024;

/// Lines of standard input.
#[derive(Debug, Default)]
pub(super) struct Orders {
    unread: Vec<u8>,
}

impl Orders {
    /// Reads what is there, waiting if there is nothing. `false` at the end.
    pub(super) fn read(&mut self) -> Result<bool> {
        let mut buf = [0; READ_BYTES];
        let length = rustix::io::read(rustix::stdio::stdin(), &mut buf)?;
        self.unread.extend_from_slice(&buf[..length]);
        Ok(length > 0)
    }

    /// Takes the first line that is whole.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let Some(end) = memchr::memchr(b'\n', &self.unread) else { return Ok(None) };
        let line: Vec<u8> = self.unread.drain(..=end).collect();
        serde_json::from_slice(&line).context("an order that cannot be read").map(Some)
    }

    /// Waits for a line.
    pub(super) fn wait<T: DeserializeOwned>(&mut self) -> Result<T> {
        loop {
            if let Some(order) = self.next()? {
                return Ok(order);
            }
            anyhow::ensure!(self.read()?, "no orders");
        }
    }
}

/// Tells the program.
pub(super) fn tell(news: &News) -> Result<()> {
    let mut line = serde_json::to_vec(news)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    Ok(out.flush()?)
}
