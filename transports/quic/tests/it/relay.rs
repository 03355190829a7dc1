//! A network between a client and a listener, to lose and to hold packets.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::client::ANYWHERE;

/// Longest packet of UDP.
const PACKET_BYTES_MAX: usize = 65_536;

/// Whom a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Client,
    Server,
}

/// Carries packets of one client for as long as it is held.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Relay {
    /// Begins to carry the packets for which `passes` says so.
    pub(crate) async fn start(
        server: SocketAddr,
        passes: impl FnMut(To, &[u8]) -> bool + Send + 'static,
    ) -> Self {
        let near = UdpSocket::bind(ANYWHERE).await.unwrap();
        let address = near.local_addr().unwrap();
        let far = UdpSocket::bind(ANYWHERE).await.unwrap();
        far.connect(server).await.unwrap();
        Self { address, task: tokio::spawn(carry(near, far, passes)) }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(near: UdpSocket, far: UdpSocket, mut passes: impl FnMut(To, &[u8]) -> bool) {
    let (mut up, mut down) = (vec![0; PACKET_BYTES_MAX], vec![0; PACKET_BYTES_MAX]);
    let mut client = None;
    loop {
        // A socket that cannot send loses the packet, as networks do.
        tokio::select! {
            Ok((length, from)) = near.recv_from(&mut up) => {
                client = Some(from);
                if passes(To::Server, &up[..length]) {
                    let _lost = far.send(&up[..length]).await;
                }
            }
            Ok(length) = far.recv(&mut down) => {
                if let Some(client) = client && passes(To::Client, &down[..length]) {
                    let _lost = near.send_to(&down[..length], client).await;
                }
            }
        }
    }
}

/// A socket that loses everything.
#[derive(Debug)]
pub(crate) struct Nowhere;

impl AsyncUdpSocket for Nowhere {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Self)
    }

    fn try_send(&self, _transmit: &Transmit<'_>) -> io::Result<()> {
        Ok(())
    }

    fn poll_recv(
        &self,
        _cx: &mut Context<'_>,
        _bufs: &mut [IoSliceMut<'_>],
        _meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(ANYWHERE)
    }
}

impl UdpPoller for Nowhere {
    fn poll_writable(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relay({})", self.address)
    }
}
