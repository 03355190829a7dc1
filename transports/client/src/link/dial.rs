//! The way to the gateway: QUIC first, WebSocket a moment later, and the first that greets wins.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use serde::Deserialize;
use throng_proto::gateway::opcode;
use tokio::net::lookup_host;
use tokio::time::{sleep, timeout};

use super::{Heard, Link, quic, unreachable, websocket};
use crate::builder::Route;
use crate::cause::{Cause, Transport};

/// Time for one attempt, from the first packet to HELLO.
const ATTEMPT_TIME: Duration = Duration::from_secs(10);
/// Time for what still runs when everything else has failed.
const GRACE: Duration = Duration::from_secs(3);
/// Intervals between heartbeats that are taken at their word: neither busy nor beyond any clock.
const INTERVAL_MIN: Duration = Duration::from_millis(1);
const INTERVAL_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Addresses of one name that are tried over QUIC: two of each family.
const ADDRESSES_MAX: usize = 4;

/// A link on which the gateway has said HELLO.
#[derive(Debug)]
pub(crate) struct Greeted {
    pub(crate) link: Link,
    pub(crate) heartbeat_interval: Duration,
}

/// Connects. `resume_url` is where READY said to resume over WebSocket.
pub(crate) async fn dial(route: &Route, resume_url: Option<&str>) -> Result<Greeted, Cause> {
    let (mut attempts, mut causes) = (Vec::new(), Vec::new());
    match quic_addresses(route).await {
        Ok(addresses) => {
            attempts.extend(addresses.into_iter().map(|address| over_quic(route, address)));
        }
        Err(cause) => causes.push((Transport::Quic, cause)),
    }
    if let Some(configured) = &route.websocket {
        attempts.push(over_websocket(route, resume_url.unwrap_or(configured)));
    }
    race(attempts, route.head_start, causes).await
}

type Attempt<'a> = BoxFuture<'a, Result<Greeted, (Transport, Cause)>>;

/// Starts each attempt a head start after the one before, or as soon as one has failed. When one
/// has failed and none is left to start, the others get only a little more time: a gateway that
/// refuses on one port seldom answers on the other, and the next turn may find it back.
async fn race(
    attempts: Vec<Attempt<'_>>,
    head_start: Duration,
    mut causes: Vec<(Transport, Cause)>,
) -> Result<Greeted, Cause> {
    let mut waiting = attempts.into_iter();
    let mut running = FuturesUnordered::new();
    let mut failed = false;
    loop {
        running.extend(waiting.next());
        let more = waiting.len() > 0;
        tokio::select! {
            biased;
            outcome = running.next() => match outcome {
                Some(Ok(greeted)) => return Ok(greeted),
                Some(Err(cause)) => {
                    causes.push(cause);
                    failed = true;
                }
                None => return Err(together(causes)),
            },
            () = sleep(head_start), if more => {}
            () = sleep(GRACE), if failed && !more => return Err(together(causes)),
        }
    }
}

/// Makes one cause of all: what the gateway itself said counts more than that it was not reached.
fn together(causes: Vec<(Transport, Cause)>) -> Cause {
    let (mut reasons, mut latest) = (Vec::new(), None);
    for (transport, cause) in causes {
        let Cause::Unreachable { reason, retry_after } = cause else { return cause };
        reasons.push(format!("{transport}: {reason}"));
        latest = latest.max(retry_after);
    }
    Cause::Unreachable { reason: reasons.join("; "), retry_after: latest }
}

async fn quic_addresses(route: &Route) -> Result<Vec<SocketAddr>, Cause> {
    let Some(quic) = &route.quic else { return Ok(Vec::new()) };
    let found = lookup_host((quic.host.as_str(), quic.port)).await;
    let found = found.map_err(|error| unreachable(&error))?;
    Ok(found.take(ADDRESSES_MAX).collect())
}

fn over_quic(route: &Route, address: SocketAddr) -> Attempt<'_> {
    let name = route.quic.as_ref().map_or("", |quic| quic.name.as_str());
    let link = quic::connect(address, name, route.compression, &route.trust);
    attempt(Transport::Quic, link.boxed())
}

fn over_websocket<'a>(route: &'a Route, url: &'a str) -> Attempt<'a> {
    let link = websocket::connect(url, route.compression, &route.trust);
    attempt(Transport::WebSocket, link.boxed())
}

fn attempt<'a>(transport: Transport, link: BoxFuture<'a, Result<Link, Cause>>) -> Attempt<'a> {
    let greeted = async { greeted(link.await?).await };
    let in_time = timeout(ATTEMPT_TIME, greeted).map(move |outcome| {
        let late = |_| Err(unreachable(&format!("no answer within {ATTEMPT_TIME:?}")));
        outcome.unwrap_or_else(late).map_err(|cause| (transport, cause))
    });
    in_time.boxed()
}

#[derive(Deserialize)]
struct Hello {
    heartbeat_interval: u64,
}

/// Waits for HELLO.
async fn greeted(mut link: Link) -> Result<Greeted, Cause> {
    let data = match link.control.recv().await {
        Some(Heard::Payload { op: opcode::HELLO, data }) => data,
        Some(Heard::Payload { op: opcode::RECONNECT, .. }) => return Err(Cause::Reconnect),
        Some(Heard::Ended(cause)) => return Err(cause),
        Some(_) => return Err(Cause::Violation("HELLO comes first".to_owned())),
        None => return Err(unreachable(&"the connection ended")),
    };
    let hello: Result<Hello, _> = serde_json::from_str(data.get());
    let hello = hello.map_err(|error| Cause::Violation(error.to_string()))?;
    let heartbeat_interval = Duration::from_millis(hello.heartbeat_interval);
    let heartbeat_interval = heartbeat_interval.clamp(INTERVAL_MIN, INTERVAL_MAX);
    Ok(Greeted { link, heartbeat_interval })
}
