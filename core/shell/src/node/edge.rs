//! The edge: links from listeners, as far as there are places, and what is refused there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use throng_engine::budget::{Ledger, Rate};
use throng_ports::link::{Greeting, Incoming, Listener};

use super::Node;
use crate::clock;
use crate::letter::WorkerLetter;
use crate::meter::Meter;
use crate::metrics::Refused;
use crate::place::{Full, Places};

/// How long a client waits that found no place for its link, in seconds.
const LINK_WAIT_SECS: u32 = 5;

/// Close code of a refusal after the handshake.
const TRY_AGAIN: u16 = 1013;
/// Refusals that are explained at the same time; more are closed at once.
const REFUSALS_MAX: usize = 256;

/// Connections that a listener accepts in a second for each core, unless a setting says otherwise:
/// a tenth to a fifth of its time.
const CONNECTIONS_PER_CORE: u64 = 1_000;
/// Seconds whose connections may come at once.
const BURST_SECS: u64 = 10;

/// What the edge refuses before the gateway's own rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeRefusal {
    /// There is no place.
    Full(Full),
    /// An HTTP answer for which there is no room.
    AnswerBytes,
    /// An HTTP answer that was not read in time.
    WriteTime,
    /// HTTP between two requests, whose place somebody else needs.
    Idle,
}

impl Node {
    /// Takes links from a listener until the node drains.
    pub async fn serve(&self, mut listener: Box<dyn Listener>) {
        let mut next = 0;
        let mut pace = self.accepting();
        while !self.stage.is_draining() {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stage.drain_began() => break,
            };
            match accepted {
                Ok(incoming) => {
                    self.receive(incoming, next);
                    next = (next + 1) % self.post.worker_count();
                    if let Err(wait) = pace.take((), 1, clock::now()) {
                        // Those who are here go first.
                        self.meter.refuse(Refused::ConnectionRate);
                        tokio::time::sleep(wait).await;
                    }
                }
                // Out of files or memory: what is open goes on, and new ones wait in the backlog.
                Err(error) => tracing::warn!(%error, "a connection was not accepted"),
            }
        }
    }

    /// Returns how fast a listener may accept.
    fn accepting(&self) -> Ledger<()> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let amount = match self.settings.limits.connections_per_sec {
            0 => cores() * CONNECTIONS_PER_CORE,
            some => some.into(),
        };
        // Whoever comes back at once after a restart is let in as fast as that goes.
        let burst = Duration::from_secs(BURST_SECS);
        Ledger::new(Rate { amount: amount * BURST_SECS, window: burst }, 1)
    }

    fn receive(&self, incoming: Box<dyn Incoming>, worker: usize) {
        let place = self.places.take(incoming.peer().ip());
        self.meter.metrics.connections.set(self.places.open() as u64);
        let place = match place {
            Ok(place) => place,
            Err(full) => return self.turn_away(incoming, full),
        };
        let (post, meter) = (self.post.clone(), self.meter.clone());
        let visit = self.places.visit(place);
        // As long as nothing was asked for, others go first; also before its task has a turn.
        visit.rest();
        tokio::spawn(async move {
            let peer = incoming.peer();
            let greeting = tokio::select! {
                greeting = incoming.greet() => greeting,
                () = visit.evicted() => return count(&meter, Refused::Handshake, peer),
            };
            if let Greeting::Refused(why) = &greeting {
                meter.refuse(Refused::BadHandshake);
                tracing::info!(%peer, reason = %why, "a handshake failed");
            }
            let (Some(arrival), Some(mut place)) = (greeting.link(), visit.into_place()) else {
                return;
            };
            if let Err(full) = place.belong_to(arrival.peer().ip()) {
                count(&meter, Refused::Address, arrival.peer());
                // The handshake is over, so the reason travels in a close.
                return arrival
                    .arrive()
                    .into_iter()
                    .for_each(|l| l.close(TRY_AGAIN, full.reason()));
            }
            post.send(worker, WorkerLetter::Arrived(arrival, place)).await;
        });
    }

    /// Says why there is no place, unless too many others are being told.
    fn turn_away(&self, incoming: Box<dyn Incoming>, full: Full) {
        self.count_refusal(EdgeRefusal::Full(full), incoming.peer());
        let refusing = Arc::clone(&self.refusing);
        if refusing.fetch_add(1, Ordering::AcqRel) >= REFUSALS_MAX {
            refusing.fetch_sub(1, Ordering::AcqRel);
            return;
        }
        tokio::spawn(async move {
            incoming.refuse(full.reason(), LINK_WAIT_SECS).await;
            refusing.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// Returns the places of connections, of which those that speak HTTP take some.
    #[must_use]
    pub fn places(&self) -> Places {
        self.places.clone()
    }

    /// Counts what was refused at the edge, and says to whom.
    pub fn count_refusal(&self, why: EdgeRefusal, peer: SocketAddr) {
        let why = match why {
            EdgeRefusal::Full(Full::Connections) => Refused::Connections,
            EdgeRefusal::Full(Full::Http) => Refused::HttpConnections,
            EdgeRefusal::Full(Full::Address) => Refused::Address,
            EdgeRefusal::AnswerBytes => Refused::HttpAnswerBytes,
            EdgeRefusal::WriteTime => Refused::HttpWriteTime,
            EdgeRefusal::Idle => Refused::HttpIdle,
        };
        count(&self.meter, why, peer);
    }
}

/// Counts a connection that is refused before it is anybody's, and says whose it was.
fn count(meter: &Meter, why: Refused, peer: SocketAddr) {
    meter.refuse(why);
    let reason = why.name();
    if matches!(why, Refused::Handshake | Refused::HttpIdle) {
        tracing::info!(%peer, reason, "a connection that does nothing gives way");
    } else {
        tracing::info!(%peer, reason, "a connection is refused");
    }
}
