//! Carries the packets of one client to a gateway and back: may lose some, and change the address
//! that the gateway sees.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::PATIENCE;

/// Longest packet that UDP has.
const PACKET_BYTES_MAX: usize = 65_535;
/// Everything, as a part of a thousand.
const ALL: u32 = 1000;

/// A ferry between one client and one gateway; it stops when it is dropped.
#[derive(Debug)]
pub struct Ferry {
    address: SocketAddr,
    loss: Arc<AtomicU32>,
    lost: watch::Receiver<u64>,
    moves: mpsc::Sender<UdpSocket>,
    _crew: JoinSet<()>,
}

/// What carries.
struct Boat {
    gateway: SocketAddr,
    client: Option<SocketAddr>,
    front: UdpSocket,
    back: UdpSocket,
    loss: Arc<AtomicU32>,
    lost: watch::Sender<u64>,
    dice: SmallRng,
}

impl Ferry {
    /// Begins to carry to `gateway`, and loses nothing; `seed` decides what it loses later.
    ///
    /// # Errors
    ///
    /// Fails when there is no port.
    pub async fn to(gateway: SocketAddr, seed: u64) -> Result<Self> {
        let (front, back) = (socket().await?, socket().await?);
        let address = front.local_addr()?;
        let (loss, (sender, lost)) = (Arc::default(), watch::channel(0));
        let boat = Boat {
            gateway,
            client: None,
            front,
            back,
            loss: Arc::clone(&loss),
            lost: sender,
            dice: SmallRng::seed_from_u64(seed),
        };
        let (moves, orders) = mpsc::channel(1);
        let mut crew = JoinSet::new();
        crew.spawn(boat.carry(orders));
        Ok(Self { address, loss, lost, moves, _crew: crew })
    }

    /// Returns the address for the client.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Loses so many of a thousand packets to the client from now on.
    pub fn loses(&self, per_mille: u32) {
        self.loss.store(per_mille, Ordering::Relaxed);
    }

    /// Loses everything to the client from now on.
    pub fn loses_all(&self) {
        self.loses(ALL);
    }

    /// Loses nothing from now on.
    pub fn loses_nothing(&self) {
        self.loses(0);
    }

    /// Returns how many packets were lost so far.
    #[must_use]
    pub fn lost(&self) -> u64 {
        *self.lost.borrow()
    }

    /// Waits until so many packets were lost.
    ///
    /// # Errors
    ///
    /// Fails when they are not in time.
    pub async fn has_lost(&mut self, count: u64) -> Result<()> {
        let lost = self.lost.wait_for(|lost| *lost >= count);
        timeout(PATIENCE, lost).await.context("nothing is lost")??;
        Ok(())
    }

    /// Goes on from another address, as a router does that forgot its client.
    ///
    /// # Errors
    ///
    /// Fails when there is no other port.
    pub async fn moves(&self) -> Result<()> {
        Ok(self.moves.send(socket().await?).await?)
    }
}

impl Boat {
    async fn carry(mut self, mut moves: mpsc::Receiver<UdpSocket>) {
        let (mut there, mut back) = (vec![0; PACKET_BYTES_MAX], vec![0; PACKET_BYTES_MAX]);
        loop {
            tokio::select! {
                Some(socket) = moves.recv() => self.back = socket,
                Ok((length, client)) = self.front.recv_from(&mut there) => {
                    self.client = Some(client);
                    // A packet that cannot be sent is one more that is lost.
                    drop(self.back.send_to(&there[..length], self.gateway).await);
                }
                Ok((length, _)) = self.back.recv_from(&mut back) => {
                    self.deliver(&back[..length]).await;
                }
            }
        }
    }

    async fn deliver(&mut self, packet: &[u8]) {
        let Some(client) = self.client else { return };
        if self.dice.random_range(0..ALL) < self.loss.load(Ordering::Relaxed) {
            self.lost.send_modify(|lost| *lost += 1);
        } else {
            drop(self.front.send_to(packet, client).await);
        }
    }
}

async fn socket() -> Result<UdpSocket> {
    Ok(UdpSocket::bind((crate::CLIENTS, 0)).await?)
}
