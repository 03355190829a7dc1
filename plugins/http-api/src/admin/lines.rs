//! Splits a streamed body into lines, in bounded memory.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Buf, BytesMut};
use futures_util::StreamExt;

/// Lines of a body, with their numbers.
pub(super) struct Lines {
    chunks: BodyDataStream,
    buffer: BytesMut,
    number: usize,
    line_bytes_max: usize,
    pause_max: Duration,
    ended: bool,
}

/// Why there are no more lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinesError {
    /// Nothing came for too long.
    Paused,
    /// The body broke off.
    Broken,
    /// A line is longer than it may be.
    TooLong,
}

impl Lines {
    pub(super) fn new(body: Body, line_bytes_max: usize, pause_max: Duration) -> Self {
        Self {
            chunks: body.into_data_stream(),
            buffer: BytesMut::new(),
            number: 0,
            line_bytes_max,
            pause_max,
            ended: false,
        }
    }

    /// Number of the line that was read last, from 1.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// Reads a line without its end; `None` after the last one.
    ///
    /// # Errors
    ///
    /// After an error there are no more lines.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, LinesError> {
        let mut searched = 0;
        loop {
            let end = self.buffer[searched..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = end.map(|end| searched + end) {
                return self.cut(end, 1).map(Some);
            }
            searched = self.buffer.len();
            if searched > self.line_bytes_max {
                self.number += 1;
                return Err(LinesError::TooLong);
            }
            if self.ended {
                let rest = self.buffer.len();
                return if rest == 0 { Ok(None) } else { self.cut(rest, 0).map(Some) };
            }
            self.fill().await?;
        }
    }

    fn cut(&mut self, end: usize, after: usize) -> Result<Vec<u8>, LinesError> {
        self.number += 1;
        if end > self.line_bytes_max {
            return Err(LinesError::TooLong);
        }
        let line = self.buffer.split_to(end).to_vec();
        self.buffer.advance(after);
        Ok(line)
    }

    async fn fill(&mut self) -> Result<(), LinesError> {
        let chunk = tokio::time::timeout(self.pause_max, self.chunks.next()).await;
        match chunk.map_err(|_| LinesError::Paused)? {
            Some(chunk) => {
                self.buffer.extend_from_slice(&chunk.map_err(|_| LinesError::Broken)?);
            }
            None => self.ended = true,
        }
        Ok(())
    }
}
