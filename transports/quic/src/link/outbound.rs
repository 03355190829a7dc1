//! Writing: the control stream, a stream per guild, and what waits on them.
//!
//! Streams do not wait for each other: each has a queue of its own, and only a dispatch for a
//! queue that is full blocks the link.

use std::future::Future as _;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use quinn::{Connection, SendStream};
use smallvec::SmallVec;
use throng_ports::link::{CONTROL_BACKLOG_BYTES_MAX, Dispatch, Lane};
use throng_proto::id::GuildId;
use throng_proto::throng::{self, Close, Head, Message};

use super::ephemeral::Skipped;
use super::outlet::{BATCH_FRAMES, Batch, Outlet};
use crate::config::Config;

/// Everything that a link writes to.
pub(super) struct Outbound {
    control: Outlet,
    /// In the order of their guilds.
    guilds: Vec<(GuildId, Outlet)>,
    /// The peer takes no more streams: guilds without one use the control stream for good.
    exhausted: bool,
    /// Guilds' streams on which something waits.
    waiting: usize,
    /// The stream that refused a dispatch.
    full: Option<Place>,
    /// Bytes of payloads without a sequence that were queued since the control stream was clear.
    backlog: usize,
    pub(super) skipped: Skipped,
    pub(super) compress: bool,
    /// Nothing follows what waits.
    closing: bool,
    pub(super) lifetime: Duration,
    queue_bytes_max: usize,
}

/// Which stream a dispatch goes on; guilds' by their index, which stands until another is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Control,
    Guild(usize),
}

impl Outbound {
    pub(super) fn new(control: SendStream, config: &Config) -> Self {
        Self {
            control: Outlet::new(control),
            guilds: Vec::new(),
            exhausted: false,
            waiting: 0,
            full: None,
            backlog: 0,
            skipped: Skipped::default(),
            compress: false,
            closing: false,
            lifetime: Duration::from_millis(config.ephemeral_lifetime_ms),
            // A frame that was begun must always find room for its rest.
            queue_bytes_max: config.stream_queue_bytes_max.max(1),
        }
    }

    pub(super) fn send(
        &mut self,
        connection: &Connection,
        dispatches: &[Dispatch<'_>],
    ) -> io::Result<usize> {
        let mut taken = 0;
        while taken < dispatches.len() && self.full.is_none() {
            let rest = &dispatches[taken..];
            taken += match rest[0].lane {
                Lane::Ephemeral(_) if self.send_datagram(connection, &rest[0])? => 1,
                Lane::Ephemeral(_) => self.send_run(connection, &rest[..1])?,
                lane => {
                    let same = rest.iter().take(BATCH_FRAMES).take_while(|one| one.lane == lane);
                    self.send_run(connection, &rest[..same.count()])?
                }
            };
        }
        Ok(taken)
    }

    /// Sends dispatches of one lane.
    fn send_run(&mut self, connection: &Connection, run: &[Dispatch<'_>]) -> io::Result<usize> {
        let mut batch = Batch::default();
        let place = self.place(connection, run[0].lane, &mut batch)?;
        for dispatch in run {
            batch.dispatch(dispatch, self.compress);
        }
        let queue_bytes_max = self.queue_bytes_max;
        let outlet = self.outlet(place);
        let was_clear = outlet.is_clear();
        let taken = outlet.take(batch, queue_bytes_max)?;
        let waits = was_clear && !outlet.is_clear();
        self.waiting += usize::from(waits && place != Place::Control);
        if taken < run.len() {
            self.full = Some(place);
        }
        Ok(taken)
    }

    /// Finds the stream of a lane, and opens it if it is the lane's first time.
    fn place(
        &mut self,
        connection: &Connection,
        lane: Lane,
        batch: &mut Batch,
    ) -> io::Result<Place> {
        let (Lane::Guild(guild) | Lane::Ephemeral(guild)) = lane else { return Ok(Place::Control) };
        let index = match self.find(guild) {
            Ok(index) => return Ok(Place::Guild(index)),
            Err(index) => index,
        };
        if self.exhausted {
            return Ok(Place::Control);
        }
        let opening = pin!(connection.open_uni());
        match opening.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(stream) => {
                self.guilds.insert(index, (guild, Outlet::new(stream?)));
                batch.lead(Bytes::copy_from_slice(&throng::preamble(guild)));
                Ok(Place::Guild(index))
            }
            Poll::Pending => {
                self.exhausted = true;
                Ok(Place::Control)
            }
        }
    }

    fn find(&self, guild: GuildId) -> Result<usize, usize> {
        self.guilds.binary_search_by_key(&guild, |(guild, _)| *guild)
    }

    fn outlet(&mut self, place: Place) -> &mut Outlet {
        match place {
            Place::Control => &mut self.control,
            Place::Guild(index) => &mut self.guilds[index].1,
        }
    }

    pub(super) fn send_control(&mut self, text: &str) -> io::Result<()> {
        let frame = throng::whole(Head::Payload, text.as_bytes());
        if !self.control.is_clear() && self.backlog + frame.len() > CONTROL_BACKLOG_BYTES_MAX {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.report_skipped()?;
        self.push(frame)
    }

    /// Sends a large payload when nothing waits on the control stream. What waits of it then is no
    /// backlog: as much else is kept as ever.
    pub(super) fn offer(&mut self, text: &str) -> io::Result<bool> {
        if !self.control.is_clear() {
            return Ok(false);
        }
        self.report_skipped()?;
        self.push(throng::whole(Head::Payload, text.as_bytes()))?;
        self.backlog = 0;
        Ok(true)
    }

    /// Tells the peer which sequences went to datagrams.
    pub(super) fn report_skipped(&mut self) -> io::Result<()> {
        match self.skipped.take() {
            Some(ranges) => self.push(Message::Skipped(ranges).frame()),
            None => Ok(()),
        }
    }

    /// Puts a frame on the control stream, whatever waits there.
    fn push(&mut self, frame: Vec<u8>) -> io::Result<()> {
        let length = frame.len();
        let mut batch = Batch::default();
        batch.frame(frame);
        self.control.take(batch, usize::MAX)?;
        self.backlog = if self.control.is_clear() { 0 } else { self.backlog + length };
        Ok(())
    }

    /// Tells whether the control stream takes something at once.
    pub(super) const fn is_control_clear(&self) -> bool {
        self.control.is_clear()
    }

    /// Says the last word on the control stream, and ends the guilds' streams after what waits.
    pub(super) fn close(&mut self, close: &Close) -> io::Result<()> {
        self.report_skipped()?;
        self.push(Message::Close(close.clone()).frame())?;
        self.closing = true;
        self.guilds.iter_mut().for_each(|(_, outlet)| outlet.finish());
        Ok(())
    }

    /// Tells whether anything waits; a stream that refused something is one of them.
    pub(super) const fn is_blocked(&self) -> bool {
        self.waiting > 0 || !self.control.is_clear()
    }

    /// Writes what waits. Ready when the stream that refused a dispatch is clear, or all are.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let clear = self.write_waiting(cx)?;
        let ready = match self.full {
            Some(place) => self.outlet(place).is_clear(),
            None => clear,
        };
        if !ready {
            return Poll::Pending;
        }
        self.full = None;
        Poll::Ready(Ok(()))
    }

    /// Writes to all streams on which something waits, and tells whether nothing waits any more.
    fn write_waiting(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let clear = self.control.poll_flush(cx)?.is_ready();
        if clear {
            self.backlog = 0;
        }
        if self.waiting == 0 {
            return Ok(clear);
        }
        let waiting = self.guilds.iter_mut().map(|(_, outlet)| outlet);
        let mut waiting: SmallVec<[&mut Outlet; 8]> =
            waiting.filter(|outlet| !outlet.is_clear()).collect();
        // Streams share what the connection may have on its way: the shortest queue goes first, so
        // that a busy guild delays the others least.
        waiting.sort_unstable_by_key(|outlet| outlet.waiting());
        for outlet in waiting {
            if outlet.poll_flush(cx)?.is_ready() {
                self.waiting -= 1;
                if self.closing {
                    outlet.finish();
                }
            }
        }
        Ok(clear && self.waiting == 0)
    }
}
