//! The path that every frame takes.

use std::io::ErrorKind;

use anyhow::{Context as _, Result, ensure};
use rustix::event::epoll::EventFlags;

use super::Hall;
use crate::clock::Moment;
use crate::order::Dialect;
use crate::shard::chair::Stage;
use crate::shard::frame::{self, Kind};
use crate::shard::ledger::{SEQUENCE, WELCOME_SEQUENCE};
use crate::shard::unpack::{self, Inflow};

/// Ends the head of an HTTP answer.
const HEAD_END: &[u8] = b"\r\n\r\n";

impl Hall {
    /// Takes what has come for a session.
    pub(super) fn hear(&mut self, index: usize, flags: EventFlags) -> Result<()> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let heard = self.read(index, flags, &mut scratch);
        self.scratch = scratch;
        heard.with_context(|| format!("session {index} of shard {}", self.roll.shard))
    }

    fn read(&mut self, index: usize, flags: EventFlags, scratch: &mut Vec<u8>) -> Result<()> {
        if self.chairs[index].stage == Stage::Asleep {
            return self.end(index, "reset");
        }
        loop {
            let length = match self.chairs[index].read(scratch) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return self.end(index, &error.to_string()),
            };
            self.take(index, &scratch[..length])?;
            // Less than there was room for means that there is no more; an end wants one more look.
            if length < scratch.len() && !flags.contains(EventFlags::RDHUP) {
                return Ok(());
            }
        }
    }

    /// Handles every whole frame and keeps the rest.
    fn take(&mut self, index: usize, mut bytes: &[u8]) -> Result<()> {
        let now = Moment::now();
        if self.chairs[index].stage == Stage::Upgrading {
            let Some(end) = memchr::memmem::find(bytes, HEAD_END) else {
                self.chairs[index].keep(bytes);
                return Ok(());
            };
            let head = String::from_utf8_lossy(&bytes[..end]);
            ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
            bytes = &bytes[end + HEAD_END.len()..];
            self.upgraded(index)?;
        }
        while let Some(frame) = frame::split(bytes)? {
            self.tally.frames += 1;
            self.tally.bytes += frame.length as u64;
            match frame.kind {
                Kind::Text | Kind::Binary => self.told(index, frame.payload, now)?,
                Kind::Ping => self.chairs[index].send(Kind::Pong, frame.payload)?,
                Kind::Pong => {}
                Kind::Close => return self.end(index, &reason(frame.payload)),
            }
            bytes = &bytes[frame.length..];
        }
        self.chairs[index].keep(bytes);
        Ok(())
    }

    fn upgraded(&mut self, index: usize) -> Result<()> {
        let chair = &mut self.chairs[index];
        chair.stage = if chair.is_returning() { Stage::Returning } else { Stage::Entering };
        match (self.roll.dialect, &chair.inflow) {
            (Dialect::Bare, _) => self.enter(index),
            // Nobody reads HELLO there.
            (_, Inflow::Counted) => Ok(chair.say(&chair.introduction())?),
            _ => Ok(()),
        }
    }

    /// Takes one payload as it came.
    fn told(&mut self, index: usize, payload: &[u8], now: Moment) -> Result<()> {
        match &mut self.chairs[index].inflow {
            Inflow::Plain => self.understand(index, payload, now),
            Inflow::Sampled(decoder) => {
                let text = decoder.decode(payload)?;
                self.understand(index, &text, now)
            }
            Inflow::Counted => self.count(index, payload),
        }
    }

    /// Takes one payload: a message, or something of the conversation.
    fn understand(&mut self, index: usize, payload: &[u8], now: Moment) -> Result<()> {
        let chair = &mut self.chairs[index];
        if self.roll.dialect == Dialect::Gateway {
            chair.cursor.note(payload, &mut self.tally);
        }
        let messages = self.ledger.note(&mut chair.cursor, payload, now, &mut self.tally);
        if messages > 0 && self.tally.sample.is_none() {
            self.tally.sample = Some(String::from_utf8_lossy(payload).into_owned());
        }
        let is_inside = matches!(chair.stage, Stage::Inside | Stage::Waking);
        let other_news = is_inside && payload.starts_with(SEQUENCE);
        if messages > 0 || other_news { Ok(()) } else { self.converse(index, payload, now) }
    }

    /// Takes a compressed payload by what can be read of it.
    fn count(&mut self, index: usize, payload: &[u8]) -> Result<()> {
        let Some(sequence) = unpack::sequence(payload) else { return Ok(()) };
        let chair = &mut self.chairs[index];
        self.ledger.count(&mut chair.cursor, sequence, &mut self.tally);
        let is_new = chair.stage == Stage::Entering && sequence >= WELCOME_SEQUENCE;
        if is_new { self.enter(index) } else { Ok(()) }
    }
}

fn reason(payload: &[u8]) -> String {
    let code = payload.get(..2).map_or(0, |code| u16::from_be_bytes([code[0], code[1]]));
    let words = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
    format!("closed with {code} {words}")
}
