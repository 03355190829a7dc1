//! The stream of events that the application reads.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::event::Event;

/// What a client is told, in order within a guild, each event once.
///
/// A bounded number of events waits here. Behind it the client reads no further, so that nothing is
/// lost and nothing grows: the gateway notices a reader that is slow, at some point closes the link
/// with a code to resume on, and the client resumes as soon as there is room again. Who stays away
/// longer than the gateway waits is told [`Event::SessionLost`].
///
/// Dropping the stream is no end: the client goes on and throws events away, for applications that
/// only publish.
#[derive(Debug)]
pub struct Events {
    waiting: mpsc::Receiver<Slot>,
}

/// An event that waits for the application.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) event: Event,
    /// When it is worthless.
    pub(crate) expires: Option<Instant>,
}

impl Slot {
    /// Keeps an event for as long as it takes.
    pub(crate) const fn lasting(event: Event) -> Self {
        Self { event, expires: None }
    }
}

impl Events {
    pub(crate) const fn new(waiting: mpsc::Receiver<Slot>) -> Self {
        Self { waiting }
    }

    /// Waits for the next event; `None` after [`Event::Closed`].
    ///
    /// # Cancel safety
    ///
    /// A call that is given up has taken no event.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            let slot = std::task::ready!(self.waiting.poll_recv(cx));
            let late = |slot: &Slot| slot.expires.is_some_and(|at| at <= Instant::now());
            match slot {
                Some(slot) if late(&slot) => {}
                slot => return Poll::Ready(slot.map(|slot| slot.event)),
            }
        }
    }
}
