//! A runtime for QUIC that can end at once, as when a machine loses its power.

use std::future::Future;
use std::io;
use std::net::UdpSocket;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime};
use tokio::task::JoinSet;

/// Tokio, with a hold on everything that runs for one link.
#[derive(Debug, Default)]
pub(super) struct Severable(Mutex<JoinSet<()>>);

impl Severable {
    /// Ends everything without a word to the other side.
    pub(super) fn cut(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Runs a part of the link.
    pub(super) fn run(&self, part: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn(part);
    }
}

impl Runtime for Severable {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        TokioRuntime.new_timer(at)
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.run(future);
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}
