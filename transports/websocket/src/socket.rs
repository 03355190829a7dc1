//! A TCP socket that one thread watches: four bytes, and a place in the thread's reactor.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{Shutdown, TcpStream as StdStream};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use mio::net::TcpStream;

use crate::reactor::Reactor;

/// An open socket.
#[derive(Debug)]
pub(crate) struct Socket {
    /// There until it is released.
    stream: Option<TcpStream>,
    place: u32,
    reactor: Arc<Reactor>,
}

impl Socket {
    /// Lets this thread watch a socket.
    ///
    /// # Errors
    ///
    /// There are too many.
    pub(crate) fn adopt(stream: StdStream) -> io::Result<Self> {
        let reactor = Reactor::here()?;
        let mut stream = TcpStream::from_std(stream);
        let place = reactor.add(&mut stream)?;
        let place = u32::try_from(place).map_err(io::Error::other)?;
        Ok(Self { stream: Some(stream), place, reactor })
    }

    /// Gives the socket back, watched by nobody.
    pub(crate) fn release(mut self) -> io::Result<StdStream> {
        let mut stream = self.stream.take().ok_or(io::ErrorKind::NotConnected)?;
        self.reactor.release(&mut stream)?;
        Ok(stream.into())
    }

    fn stream(&self) -> io::Result<&TcpStream> {
        self.stream.as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    const fn place(&self) -> usize {
        self.place as usize
    }

    /// Reads once; 0 bytes are the end.
    pub(crate) fn poll_read(&self, cx: &Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.reactor.poll_readable(self.place(), cx));
            match self.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(length) if 0 < length && length < buffer.len() => {
                    // More will be a new event.
                    return Poll::Ready(Ok(length));
                }
                result => {
                    self.reactor.has_more(self.place());
                    return Poll::Ready(result);
                }
            }
        }
    }

    /// Reads what is there.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream()?.read(buffer)
    }

    /// Writes what fits.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream()?.write(bytes)
    }

    /// Writes what fits, in order.
    pub(crate) fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream()?.write_vectored(slices)
    }

    /// Waits until a socket that did not take everything may take more.
    pub(crate) fn poll_writable(&self, cx: &Context<'_>) -> Poll<()> {
        self.reactor.poll_writable(self.place(), cx)
    }

    /// Ends our direction. One system call that never waits.
    pub(crate) fn finish_writing(&self) -> io::Result<()> {
        self.stream()?.shutdown(Shutdown::Write)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reactor.forget(self.place());
    }
}
