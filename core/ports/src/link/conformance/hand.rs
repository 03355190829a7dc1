//! What checks do with a link.

use std::future::poll_fn;
use std::rc::Rc;

use futures_util::future::poll_immediate;
use throng_proto::wire::Body;

use super::Peer;
use crate::link::{Arrival, Dispatch, Lane, Link, Received};

/// Sends after which any link must have blocked: with up to 96 KiB each that is 2 GiB.
const SENDS_MAX: u32 = 21_845;

/// Large payloads after which any link must have blocked: 2 GiB.
const OFFERS_MAX: u32 = 4_096;

/// A dispatch of the session's own lane, which every transport keeps in order.
pub(super) const fn dispatch(sequence: u32, body: &Body) -> Dispatch<'_> {
    Dispatch { sequence, lane: Lane::Session, body }
}

pub(super) fn arrive(arrival: Box<dyn Arrival>) -> Rc<dyn Link> {
    match arrival.arrive() {
        Ok(link) => link,
        Err(error) => panic!("the link does not arrive: {error}"),
    }
}

pub(super) fn moved(link: &dyn Link) -> Rc<dyn Link> {
    let Some(arrival) = link.depart() else { panic!("an open link departs") };
    let body = Body::dispatch("TEST", "{}");
    assert!(link.send(&[dispatch(1, &body)]).is_err(), "it is gone from here");
    arrive(arrival)
}

pub(super) async fn receive(link: &dyn Link) -> Received {
    poll_fn(|cx| link.poll_receive(cx)).await
}

pub(super) async fn flush(link: &dyn Link) {
    let flushed = poll_fn(|cx| link.poll_flush(cx)).await;
    assert!(flushed.is_ok(), "a link whose peer receives is flushed: {flushed:?}");
}

/// Sends until the link neither takes what is given nor is flushed, and returns how many it took.
///
/// What is in between may take more for a while: a kernel passes data on to a peer that does not
/// receive until its buffers are full as well.
pub(super) async fn block(link: &dyn Link, body: &Body) -> u32 {
    let mut next = 1;
    for _ in 0..SENDS_MAX {
        let dispatches = [0, 1, 2].map(|i| dispatch(next + i, body));
        let taken = match link.send(&dispatches) {
            Ok(taken) => taken,
            Err(error) => panic!("the link broke instead of blocking: {error}"),
        };
        next += u32::try_from(taken).unwrap_or(0);
        if taken < dispatches.len() && poll_immediate(flush(link)).await.is_none() {
            return next - 1;
        }
    }
    panic!("the link takes or flushes without end although its peer does not receive");
}

/// Offers large payloads until the link is blocked for good, and returns how many it took.
pub(super) async fn offer_until_blocked(link: &dyn Link) -> u32 {
    for number in 0..OFFERS_MAX {
        match link.offer(&answer(number)) {
            Ok(true) => {}
            Ok(false) if poll_immediate(flush(link)).await.is_none() => return number,
            Ok(false) => assert!(link.offer(&answer(number)).is_ok(), "the link broke"),
            Err(error) => panic!("the link broke instead of blocking: {error}"),
        }
    }
    panic!("the link takes large payloads without end although its peer does not receive");
}

pub(super) async fn expect<P: Peer>(
    peer: &mut P,
    sequences: std::ops::RangeInclusive<u32>,
    body: &Body,
) {
    for sequence in sequences {
        let payload = peer.receive().await;
        assert!(payload == Ok(text(sequence, body)), "dispatch {sequence} is not next");
    }
}

pub(super) fn large() -> Body {
    Body::dispatch("TEST", &format!("\"{}\"", "x".repeat(32 * 1024)))
}

/// A large payload: what a page of members takes.
pub(super) fn answer(number: u32) -> String {
    format!("{{\"op\":101,\"d\":{{\"id\":{number},\"body\":\"{}\"}}}}", "x".repeat(460 * 1024))
}

pub(super) fn text(sequence: u32, body: &Body) -> String {
    format!("{{\"s\":{sequence},{}", String::from_utf8_lossy(&body.text()))
}
