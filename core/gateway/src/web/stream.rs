//! A socket whose first bytes were read already, and whose peer must read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use throng_transport_websocket::HttpConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::turn::Turn;

/// What a peer must read in its time, or all there is: 64 KiB, so that nobody keeps an answer for
/// hours by reading a byte now and then.
const PROGRESS_BYTES: usize = 64 * 1024;

/// A connection on which HTTP is spoken.
pub(crate) struct Stream {
    read: Vec<u8>,
    at: usize,
    stream: TcpStream,
    turn: Option<Arc<Turn>>,
    time: Duration,
    /// Runs out when the peer has not read enough since it was set.
    patience: Option<Pin<Box<Sleep>>>,
    written: usize,
}

impl From<HttpConnection> for Stream {
    fn from(connection: HttpConnection) -> Self {
        Self { read: connection.read, ..Self::from(connection.stream) }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        let (read, at, written) = (Vec::new(), 0, 0);
        Self { read, at, stream, turn: None, time: Duration::MAX, patience: None, written }
    }
}

impl Stream {
    /// Tells `turn` what has left, and ends when the peer reads too little in `time`.
    pub(super) fn watch(&mut self, turn: Arc<Turn>, time: Duration) {
        self.turn = Some(turn);
        self.time = time;
    }

    /// Returns the socket, and what was read from it and asked for by nobody.
    pub(super) fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.read[self.at..].to_vec())
    }

    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match polled {
            Poll::Ready(Ok(bytes)) => {
                self.written += bytes;
                if self.written >= PROGRESS_BYTES {
                    (self.written, self.patience) = (0, None);
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let time = self.time;
                let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(time)));
                ready!(patience.as_mut().poll(cx));
                // What the kernel holds would wait for the peer as well.
                let _refused = self.stream.set_zero_linger();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = &this.read[this.at..];
        if rest.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let count = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..count]);
        this.at += count;
        if this.at == this.read.len() {
            this.read = Vec::new();
            this.at = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Comes when everything that was handed over is written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        (self.written, self.patience) = (0, None);
        if let Some(turn) = &self.turn {
            turn.flushed();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
