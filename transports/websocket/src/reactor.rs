//! The sockets of one thread, and who waits for them.
//!
//! A runtime keeps 256 bytes for each socket that it is given. A link needs no more than its
//! wakers, so the links of a thread share one selector, and the runtime knows of that alone.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mio::{Events, Interest, Registry, Token, event};
use parking_lot::Mutex;
use slab::Slab;
use tokio::io::unix::AsyncFd;

/// Sockets that are looked at in one turn.
const EVENTS: usize = 1_024;

thread_local! {
    static HERE: RefCell<Weak<Reactor>> = const { RefCell::new(Weak::new()) };
}

/// One thread's sockets. Costs 32 bytes for each.
#[derive(Debug)]
pub(crate) struct Reactor {
    registry: Registry,
    waits: Mutex<Slab<Wait>>,
    /// Gone with the runtime that drives it.
    driver: Weak<()>,
}

/// Who waits for one socket, and what it was ready for since somebody looked.
#[derive(Debug, Default)]
struct Wait {
    reader: Option<Waker>,
    /// Boxed, because few sockets are ever full.
    writer: Option<Box<Waker>>,
    readable: bool,
    writable: bool,
    /// The peer sends no more, so there is always an end to read.
    read_ended: bool,
    /// The connection is gone, so a write fails at once.
    write_ended: bool,
}

impl Reactor {
    /// Returns this thread's, which the current runtime drives.
    ///
    /// # Errors
    ///
    /// The kernel has no selector left.
    pub(crate) fn here() -> io::Result<Arc<Self>> {
        HERE.with_borrow_mut(|here| {
            if let Some(running) = here.upgrade().filter(|old| old.driver.strong_count() > 0) {
                return Ok(running);
            }
            let started = Self::start()?;
            *here = Arc::downgrade(&started);
            Ok(started)
        })
    }

    fn start() -> io::Result<Arc<Self>> {
        let selector = mio::Poll::new()?;
        let alive = Arc::new(());
        let reactor = Arc::new(Self {
            registry: selector.registry().try_clone()?,
            waits: Mutex::default(),
            driver: Arc::downgrade(&alive),
        });
        let (selector, driven) = (watched(selector)?, Arc::clone(&reactor));
        tokio::spawn(async move {
            // Its sockets hear nothing after a failure; those that come get another reactor.
            let _failed = driven.drive(selector).await;
            drop(alive);
        });
        Ok(reactor)
    }

    async fn drive(&self, mut selector: AsyncFd<mio::Poll>) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let mut ready = selector.readable_mut().await?;
            match ready.get_inner_mut().poll(&mut events, Some(Duration::ZERO)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if events.iter().nth(EVENTS - 1).is_none() {
                ready.clear_ready();
            }
            self.wake(&events);
        }
    }

    fn wake(&self, events: &Events) {
        let mut waits = self.waits.lock();
        for event in events {
            // A socket that is gone may have been ready before.
            let Some(wait) = waits.get_mut(event.token().0) else { continue };
            wait.read_ended |= event.is_read_closed() || event.is_error();
            wait.write_ended |= event.is_write_closed() || event.is_error();
            if event.is_readable() || wait.read_ended {
                wait.readable = true;
                wait.reader.take().into_iter().for_each(Waker::wake);
            }
            if event.is_writable() || wait.write_ended {
                wait.writable = true;
                wait.writer.take().into_iter().for_each(|writer| writer.wake());
            }
        }
    }

    /// Begins to watch a socket, and returns its place.
    pub(crate) fn add(&self, source: &mut impl event::Source) -> io::Result<usize> {
        let place = self.waits.lock().insert(Wait { readable: true, ..Wait::default() });
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.registry.register(source, Token(place), interest) {
            self.forget(place);
            return Err(error);
        }
        Ok(place)
    }

    /// Stops watching a socket that lives on.
    pub(crate) fn release(&self, source: &mut impl event::Source) -> io::Result<()> {
        self.registry.deregister(source)
    }

    /// Forgets a socket that is closed or released.
    pub(crate) fn forget(&self, place: usize) {
        self.waits.lock().try_remove(place);
    }

    /// Waits until there may be something to read.
    pub(crate) fn poll_readable(&self, place: usize, cx: &Context<'_>) -> Poll<()> {
        let mut waits = self.waits.lock();
        let Some(wait) = waits.get_mut(place) else { return Poll::Ready(()) };
        if std::mem::take(&mut wait.readable) || wait.read_ended {
            return Poll::Ready(());
        }
        if !wait.reader.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            wait.reader = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Notes that a read may have left something.
    pub(crate) fn has_more(&self, place: usize) {
        if let Some(wait) = self.waits.lock().get_mut(place) {
            wait.readable = true;
        }
    }

    /// Waits until a socket that was full may take more.
    pub(crate) fn poll_writable(&self, place: usize, cx: &Context<'_>) -> Poll<()> {
        let mut waits = self.waits.lock();
        let Some(wait) = waits.get_mut(place) else { return Poll::Ready(()) };
        if std::mem::take(&mut wait.writable) || wait.write_ended {
            return Poll::Ready(());
        }
        if !wait.writer.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            wait.writer = Some(Box::new(cx.waker().clone()));
        }
        Poll::Pending
    }
}

/// Lets the runtime watch the selector.
#[expect(deprecated, reason = "sound for what owns its descriptor, and the other way is `unsafe`")]
fn watched(selector: mio::Poll) -> io::Result<AsyncFd<mio::Poll>> {
    AsyncFd::new(selector)
}
