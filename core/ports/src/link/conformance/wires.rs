//! The four ways in which payloads travel.

use throng_proto::wire::{Body, Wire};

use super::hand::{answer, arrive, dispatch, flush, text};
use super::{Bench, Peer};
use crate::link::Link;

/// Every wire.
pub(super) const WIRES: [Wire; 4] =
    [Wire::Text, Wire::PayloadZlib, Wire::ZlibStream, Wire::ZstdStream];
/// Payloads of a log: enough for sequences of one, two and three digits.
const LOG: u32 = 120;

/// Returns the bodies of a log, of which each refers to the one before, as those of a worker do.
///
/// They are alike, so that there is something to refer to, and differ between logs.
pub(super) fn log(name: &str, count: u32) -> Vec<Body> {
    let mut log: Vec<Body> = Vec::new();
    for number in 0..count {
        let payload = format!(
            "{{\"log\":\"{name}\",\"id\":\"{}\",\"author\":{{\"username\":\"{name}-{name}\"}},\
             \"content\":\"{}\"}}",
            u64::from(number).wrapping_mul(6_364_136_223_846_793_005),
            name.repeat(usize::try_from(number % 7).unwrap_or(0)),
        );
        let body = Body::dispatch("MESSAGE_CREATE", &payload);
        log.push(body.chained(u64::from(number), log.last()));
    }
    log
}

/// Receives a dispatch, whatever white space its wire adds between tokens.
pub(super) async fn receive_text<P: Peer>(peer: &mut P, expected: &str, wire: Wire) {
    let received = peer.receive().await.map(|text| text.replace(' ', ""));
    assert!(received.as_deref() == Ok(expected), "{wire:?}: {received:?} is not {expected}");
}

/// Sends one dispatch on a link that is not blocked for long.
pub(super) async fn send(link: &dyn Link, sequence: u32, body: &Body) {
    while link.send(&[dispatch(sequence, body)]).ok() == Some(0) {
        flush(link).await;
    }
}

pub(super) async fn every_wire_carries_the_same_text<B: Bench>(bench: &B) {
    for wire in WIRES {
        let (arrival, mut peer) = bench.open().await;
        let link = arrive(arrival);
        // Where a client asks in IDENTIFY, HELLO is text.
        if wire == Wire::PayloadZlib {
            assert!(link.send_control("{\"op\":10}").is_ok(), "an idle link takes control");
            receive_text(&mut peer, "{\"op\":10}", wire).await;
        }
        link.set_wire(wire);
        peer.set_wire(wire);
        assert!(link.send_control("{\"op\":11}").is_ok(), "an idle link takes control");
        receive_text(&mut peer, "{\"op\":11}", wire).await;
        let bodies = log("here", LOG);
        for (sequence, body) in (1..).zip(&bodies) {
            // A session is not sent all that its worker logs.
            if sequence % 11 == 10 {
                continue;
            }
            send(&*link, sequence, body).await;
            receive_text(&mut peer, &text(sequence, body), wire).await;
            if sequence % 17 == 16 {
                assert!(link.send_control("{\"op\":11}").is_ok(), "an idle link takes control");
                receive_text(&mut peer, "{\"op\":11}", wire).await;
            }
        }
        let whole = answer(1);
        let offering = async {
            while link.offer(&whole).ok() == Some(false) {
                flush(&*link).await;
            }
            flush(&*link).await;
        };
        let reading = receive_text(&mut peer, &whole, wire);
        futures_util::future::join(reading, offering).await;
        send(&*link, LOG, &bodies[1]).await;
        receive_text(&mut peer, &text(LOG, &bodies[1]), wire).await;
    }
}
