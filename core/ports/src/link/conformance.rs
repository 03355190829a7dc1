//! What every transport's links have in common, as a suite that each transport runs.
//!
//! A transport implements [`Bench`] and calls [`all`] from a test; a broken rule panics with its
//! name.

#![allow(clippy::missing_panics_doc, reason = "panicking is how a suite reports")]

use std::future::{Future, poll_fn};
use std::rc::Rc;

use futures_util::future::{join, poll_immediate};
use throng_proto::id::GuildId;
use throng_proto::wire::Body;

use super::{Arrival, Dispatch, Lane, Link, Received};

/// Sends after which any link must have blocked: with up to 96 KiB each that is 2 GiB.
const SENDS_MAX: u32 = 21_845;

/// Large payloads after which any link must have blocked: 2 GiB.
const OFFERS_MAX: u32 = 4_096;

/// Makes pairs of a link and its far end.
pub trait Bench {
    /// Far end of a link.
    type Peer: Peer;

    /// Opens a link that blocks sooner or later when its peer does not receive.
    fn open(&self) -> impl Future<Output = (Box<dyn Arrival>, Self::Peer)>;
}

/// Far end of a link, as a client sees it.
pub trait Peer {
    /// Sends one payload.
    fn send(&mut self, payload: &str) -> impl Future<Output = ()>;

    /// Receives the next payload as JSON text, or the code with which the link was closed.
    fn receive(&mut self) -> impl Future<Output = Result<String, Option<u16>>>;

    /// Closes in order.
    fn close(&mut self, code: u16) -> impl Future<Output = ()>;
}

/// Runs the whole suite.
pub async fn all<B: Bench>(bench: &B) {
    payloads_arrive_whole_and_in_order(bench).await;
    dispatches_arrive_whole_and_in_order(bench).await;
    lanes_keep_their_order(bench).await;
    blocked_link_takes_no_more_until_flushed(bench).await;
    control_waits_behind_what_was_taken(bench).await;
    control_backlog_is_bounded(bench).await;
    large_payloads_wait_for_room(bench).await;
    large_payloads_leave_room_for_control(bench).await;
    close_arrives_behind_a_large_payload(bench).await;
    close_code_reaches_the_peer(bench).await;
    close_code_reaches_the_link(bench).await;
    departed_link_keeps_its_payloads(bench).await;
    departed_link_keeps_what_it_took(bench).await;
}

/// Payloads of the peer are received one by one, as they were sent.
pub async fn payloads_arrive_whole_and_in_order<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    for number in 0..50 {
        peer.send(&number.to_string()).await;
    }
    for number in 0..50 {
        assert_eq!(receive(&*link).await, Received::Payload(number.to_string().into_bytes()));
    }
}

/// A batch arrives with its sequences, in order, and before what is sent after it.
pub async fn dispatches_arrive_whole_and_in_order<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let bodies: Vec<Body> = (0..3).map(|n| Body::dispatch("TEST", &format!("[{n}]"))).collect();
    let dispatches: Vec<Dispatch<'_>> =
        (1..).zip(&bodies).map(|(sequence, body)| dispatch(sequence, body)).collect();
    assert_eq!(link.send(&dispatches).ok(), Some(3), "an idle link takes a small batch");
    assert!(link.send_control("{\"op\":11}").is_ok(), "an idle link takes control");
    for (sequence, body) in (1..).zip(&bodies) {
        assert_eq!(peer.receive().await, Ok(text(sequence, body)));
    }
    assert_eq!(peer.receive().await.as_deref(), Ok("{\"op\":11}"));
}

/// Dispatches of a lane arrive in order, whichever lanes others take.
pub async fn lanes_keep_their_order<B: Bench>(bench: &B) {
    const ROUNDS: u32 = 20;
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let lanes = [Lane::Session, Lane::Guild(GuildId::new(1)), Lane::Guild(GuildId::new(2))];
    let bodies = ["0", "1", "2"].map(|lane| Body::dispatch("TEST", lane));
    let sending = async {
        for round in 0..ROUNDS {
            for (sequence, (lane, body)) in (3 * round + 1..).zip(lanes.iter().zip(&bodies)) {
                let dispatch = Dispatch { sequence, lane: *lane, body };
                while link.send(&[dispatch]).ok() == Some(0) {
                    flush(&*link).await;
                }
            }
        }
        flush(&*link).await;
    };
    let receiving = async {
        let mut next = [1, 2, 3];
        for _ in 0..3 * ROUNDS {
            let payload = peer.receive().await;
            let is_next = |at: &usize| payload == Ok(text(next[*at], &bodies[*at]));
            let Some(lane) = (0..3).find(is_next) else { panic!("{payload:?} is not next") };
            next[lane] += 3;
        }
    };
    join(sending, receiving).await;
}

/// A link whose peer does not receive takes fewer than given, then nothing until it was flushed.
pub async fn blocked_link_takes_no_more_until_flushed<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let body = large();
    let taken = block(&*link, &body).await;
    let more = dispatch(taken + 1, &body);
    assert_eq!(link.send(&[more]).ok(), Some(0), "a blocked link takes nothing");
    join(flush(&*link), expect(&mut peer, 1..=taken, &body)).await;
    assert_eq!(link.send(&[more]).ok(), Some(1), "a flushed link takes more");
    assert_eq!(peer.receive().await, Ok(text(taken + 1, &body)));
}

/// Control sent on a blocked link arrives after every dispatch that was taken before it.
pub async fn control_waits_behind_what_was_taken<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let body = large();
    let taken = block(&*link, &body).await;
    for number in 0..3 {
        assert!(link.send_control(&number.to_string()).is_ok(), "control is kept");
    }
    let reading = async {
        expect(&mut peer, 1..=taken, &body).await;
        for number in 0..3 {
            assert_eq!(peer.receive().await, Ok(number.to_string()));
        }
    };
    join(flush(&*link), reading).await;
}

/// Control is not kept without end.
pub async fn control_backlog_is_bounded<B: Bench>(bench: &B) {
    let (arrival, _peer) = bench.open().await;
    let link = arrive(arrival);
    block(&*link, &large()).await;
    let text = "x".repeat(1024);
    let kept = (0..1024).take_while(|_| link.send_control(&text).is_ok()).count();
    assert!(kept < 1024, "a blocked link keeps less than 1 MiB of control");
}

/// A blocked link takes no large payload until it was flushed, and then takes it whole.
pub async fn large_payloads_wait_for_room<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let body = large();
    let taken = block(&*link, &body).await;
    assert_eq!(link.offer(&answer(0)).ok(), Some(false), "a blocked link takes no large payload");
    join(flush(&*link), expect(&mut peer, 1..=taken, &body)).await;
    for number in 0..3 {
        let sending = async {
            while link.offer(&answer(number)).ok() == Some(false) {
                flush(&*link).await;
            }
            flush(&*link).await;
        };
        let (received, ()) = join(peer.receive(), sending).await;
        assert!(received == Ok(answer(number)), "large payload {number} is not next");
    }
}

/// While a large payload is under way to a peer that does not receive, control is kept as ever, and
/// arrives after it.
pub async fn large_payloads_leave_room_for_control<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let offered = offer_until_blocked(&*link).await;
    let heartbeats = 500;
    for number in 0..heartbeats {
        assert!(link.send_control(&number.to_string()).is_ok(), "control {number} is kept");
    }
    let reading = async {
        for number in 0..offered {
            assert!(peer.receive().await == Ok(answer(number)), "{number} of {offered} is missing");
        }
        for number in 0..heartbeats {
            assert_eq!(peer.receive().await, Ok(number.to_string()));
        }
    };
    join(flush(&*link), reading).await;
}

/// A close behind a large payload arrives with its code, and the payload before it.
pub async fn close_arrives_behind_a_large_payload<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let offered = offer_until_blocked(&*link).await;
    link.close(4000, "restarting");
    assert!(link.offer(&answer(offered)).is_err(), "closed means closed");
    let (received, closed) = join(receive(&*link), async {
        for number in 0..offered {
            assert!(peer.receive().await == Ok(answer(number)), "{number} of {offered} is missing");
        }
        let closed = peer.receive().await;
        peer.close(4000).await;
        closed
    })
    .await;
    assert_eq!(closed, Err(Some(4000)));
    assert_eq!(received, Received::Closed(Some(4000)));
}

/// The link's close arrives with its code, after what was sent, and the link takes no more.
pub async fn close_code_reaches_the_peer<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    assert!(link.send_control("last").is_ok());
    link.close(4009, "session timed out");
    let body = Body::dispatch("TEST", "{}");
    assert!(link.send(&[dispatch(1, &body)]).is_err(), "closed means closed");
    assert!(link.send_control("more").is_err(), "closed means closed");
    assert_eq!(peer.receive().await.as_deref(), Ok("last"));
    // Whoever drives the link receives while the peer answers, so both run.
    let (received, closed) = join(receive(&*link), async {
        let closed = peer.receive().await;
        peer.close(4009).await;
        closed
    })
    .await;
    assert_eq!(closed, Err(Some(4009)));
    assert_eq!(received, Received::Closed(Some(4009)));
}

/// The peer's close arrives with its code, after what it sent.
pub async fn close_code_reaches_the_link<B: Bench>(bench: &B) {
    for code in [1000, 1001, 3000, 4000, 4999] {
        let (arrival, mut peer) = bench.open().await;
        let link = arrive(arrival);
        peer.send("last").await;
        let (payload, ()) = join(receive(&*link), peer.close(code)).await;
        assert_eq!(payload, Received::Payload(b"last".to_vec()));
        assert_eq!(receive(&*link).await, Received::Closed(Some(code)));
    }
}

/// Payloads that arrived and were not polled are received after the link has moved.
pub async fn departed_link_keeps_its_payloads<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let mut link = arrive(arrival);
    for number in 0..10 {
        peer.send(&number.to_string()).await;
    }
    for number in 0..10 {
        assert_eq!(receive(&*link).await, Received::Payload(number.to_string().into_bytes()));
        link = moved(&*link);
    }
    let before = link.bytes();
    assert!(before.received >= 10, "counts move along");
}

/// Dispatches that were taken arrive after the link has moved, each once and in order.
pub async fn departed_link_keeps_what_it_took<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let body = large();
    let taken = block(&*link, &body).await;
    let link = moved(&*link);
    join(flush(&*link), expect(&mut peer, 1..=taken, &body)).await;
}

/// A dispatch of the session's own lane, which every transport keeps in order.
const fn dispatch(sequence: u32, body: &Body) -> Dispatch<'_> {
    Dispatch { sequence, lane: Lane::Session, body }
}

fn arrive(arrival: Box<dyn Arrival>) -> Rc<dyn Link> {
    match arrival.arrive() {
        Ok(link) => link,
        Err(error) => panic!("the link does not arrive: {error}"),
    }
}

fn moved(link: &dyn Link) -> Rc<dyn Link> {
    let Some(arrival) = link.depart() else { panic!("an open link departs") };
    let body = Body::dispatch("TEST", "{}");
    assert!(link.send(&[dispatch(1, &body)]).is_err(), "it is gone from here");
    arrive(arrival)
}

async fn receive(link: &dyn Link) -> Received {
    poll_fn(|cx| link.poll_receive(cx)).await
}

async fn flush(link: &dyn Link) {
    let flushed = poll_fn(|cx| link.poll_flush(cx)).await;
    assert!(flushed.is_ok(), "a link whose peer receives is flushed: {flushed:?}");
}

/// Sends until the link neither takes what is given nor is flushed, and returns how many it took.
///
/// What is in between may take more for a while: a kernel passes data on to a peer that does not
/// receive until its buffers are full as well.
async fn block(link: &dyn Link, body: &Body) -> u32 {
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
async fn offer_until_blocked(link: &dyn Link) -> u32 {
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

async fn expect<P: Peer>(peer: &mut P, sequences: std::ops::RangeInclusive<u32>, body: &Body) {
    for sequence in sequences {
        let payload = peer.receive().await;
        assert!(payload == Ok(text(sequence, body)), "dispatch {sequence} is not next");
    }
}

fn large() -> Body {
    Body::dispatch("TEST", &format!("\"{}\"", "x".repeat(32 * 1024)))
}

/// A large payload: what a page of members takes.
fn answer(number: u32) -> String {
    format!("{{\"op\":101,\"d\":{{\"id\":{number},\"body\":\"{}\"}}}}", "x".repeat(460 * 1024))
}

fn text(sequence: u32, body: &Body) -> String {
    format!("{{\"s\":{sequence},{}", String::from_utf8_lossy(&body.text()))
}
