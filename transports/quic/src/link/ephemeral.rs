//! Datagrams, for what is lost rather than late.

use std::io;

use bytes::{Bytes, BytesMut};
use quinn::{Connection, SendDatagramError};
use throng_ports::link::Dispatch;
use throng_proto::throng::{Datagram, SKIPPED_MAX};

use super::outbound::Outbound;
use super::outlet::{measure, parts};

/// Sequences that went to datagrams and were not reported yet, as ranges with both ends included.
#[derive(Default)]
pub(super) struct Skipped {
    ranges: Vec<(u32, u32)>,
    count: usize,
}

impl Skipped {
    fn add(&mut self, sequence: u32) {
        self.count += 1;
        match self.ranges.last_mut() {
            Some((_, last)) if *last + 1 == sequence => *last = sequence,
            _ => self.ranges.push((sequence, sequence)),
        }
    }

    const fn is_full(&self) -> bool {
        self.count >= SKIPPED_MAX
    }

    /// Takes what is to be reported, if anything is.
    pub(super) fn take(&mut self) -> Option<Vec<(u32, u32)>> {
        self.count = 0;
        let ranges = std::mem::take(&mut self.ranges);
        (!ranges.is_empty()).then_some(ranges)
    }
}

impl Outbound {
    /// Sends a dispatch as a datagram, or drops it when others wait already. `false` when it cannot
    /// travel so and must go on a stream.
    pub(super) fn send_datagram(
        &mut self,
        connection: &Connection,
        dispatch: &Dispatch<'_>,
    ) -> io::Result<bool> {
        let Some(bytes_max) = connection.max_datagram_size() else { return Ok(false) };
        let (compressed, body_bytes) = measure(dispatch.body, self.compress);
        let header = Datagram::header(dispatch.sequence, compressed, self.lifetime);
        let length = header.len() + body_bytes;
        // Reports wait while the control stream does, and there is an end to what they may list.
        if length > bytes_max || self.skipped.is_full() {
            return Ok(false);
        }
        if connection.datagram_send_buffer_space() >= length {
            let mut bytes = BytesMut::with_capacity(length);
            bytes.extend_from_slice(&header);
            parts(dispatch.body, compressed).for_each(|part| bytes.extend_from_slice(part));
            match connection.send_datagram(Bytes::from(bytes)) {
                Ok(()) => {}
                Err(SendDatagramError::ConnectionLost(error)) => return Err(error.into()),
                Err(_) => return Ok(false),
            }
        }
        self.skipped.add(dispatch.sequence);
        if self.skipped.is_full() && self.is_control_clear() {
            self.report_skipped()?;
        }
        Ok(true)
    }
}
