//! Links that move to another thread.

use futures_util::future::join;
use throng_proto::wire::Wire;

use super::hand::{
    answer, arrive, block, expect, flush, large, moved, offer_until_blocked, receive, text,
};
use super::wires::{WIRES, log, receive_text, send};
use super::{Bench, Peer};
use crate::link::Received;

/// Dispatches that are sent on each side of a departure: sequences of one and of two digits.
const EACH: u32 = 12;

/// A departed link is gone from here, and what it received and nobody polled moves along.
pub(super) async fn departed_link_keeps_its_payloads<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let mut link = arrive(arrival);
    for number in 0..10 {
        peer.send(&number.to_string()).await;
    }
    for number in 0..10 {
        assert_eq!(receive(&*link).await, Received::Payload(number.to_string().into_bytes()));
        link = moved(&*link);
    }
}

/// Dispatches that were taken arrive after the link has moved, each once and in order.
pub(super) async fn departed_link_keeps_what_it_took<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let body = large();
    let taken = block(&*link, &body).await;
    let link = moved(&*link);
    assert!(link.send_control("last").is_ok(), "control is kept");
    let reading = async {
        expect(&mut peer, 1..=taken, &body).await;
        assert_eq!(peer.receive().await.as_deref(), Ok("last"));
    };
    join(flush(&*link), reading).await;
}

/// Control and a large payload that wait arrive after the link has moved, in order.
pub(super) async fn departed_link_keeps_control_and_large_payloads<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let offered = offer_until_blocked(&*link).await;
    for number in 0..3 {
        assert!(link.send_control(&number.to_string()).is_ok(), "control is kept");
    }
    let link = moved(&*link);
    assert!(link.is_blocked(), "it is blocked over there as well");
    assert!(link.send_control("3").is_ok(), "control is kept");
    let reading = async {
        for number in 0..offered {
            assert!(peer.receive().await == Ok(answer(number)), "{number} of {offered} is missing");
        }
        for number in 0..4 {
            assert_eq!(peer.receive().await, Ok(number.to_string()));
        }
    };
    join(flush(&*link), reading).await;
}

/// The wire moves along, and refers to nothing of the log that the link came from.
pub(super) async fn departed_link_keeps_its_wire<B: Bench>(bench: &B) {
    // Two workers number what they log alike.
    let (here, there) = (log("here", EACH), log("there", EACH + 1));
    for wire in WIRES {
        let (arrival, mut peer) = bench.open().await;
        let mut link = arrive(arrival);
        link.set_wire(wire);
        peer.set_wire(wire);
        if wire == Wire::ZstdStream {
            // Nothing was sent yet: what a stream begins with is still to come.
            link = moved(&*link);
        }
        for (sequence, body) in (1..).zip(&here) {
            send(&*link, sequence, body).await;
            receive_text(&mut peer, &text(sequence, body), wire).await;
        }
        let link = moved(&*link);
        let last = usize::try_from(EACH).unwrap_or(0);
        for (sequence, body) in (EACH + 1..).zip([&there[last], &there[0], &there[1], &there[2]]) {
            send(&*link, sequence, body).await;
            receive_text(&mut peer, &text(sequence, body), wire).await;
        }
        assert!(link.send_control("{\"op\":11}").is_ok(), "an idle link takes control");
        receive_text(&mut peer, "{\"op\":11}", wire).await;
    }
}

/// Address, kind and counts move along; the query was for who asked first.
pub(super) async fn departed_link_keeps_its_name_and_counts<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    assert!(!arrival.query().is_empty(), "a bench asks for something");
    let address = arrival.peer();
    let link = arrive(arrival);
    assert_eq!(link.peer(), address);
    peer.send("0123456789").await;
    assert_eq!(receive(&*link).await, Received::Payload(b"0123456789".to_vec()));
    assert!(link.send_control("0123456789").is_ok(), "an idle link takes control");
    assert_eq!(peer.receive().await.as_deref(), Ok("0123456789"));
    let (transport, told) = (link.transport(), link.told().map(str::to_owned));
    let before = link.bytes();
    assert!(before.received >= 10 && before.sent >= 10, "{before:?}");
    let Some(arrival) = link.depart() else { panic!("an open link departs") };
    assert_eq!(arrival.query(), "", "the query was for who asked first");
    assert_eq!(arrival.peer(), address);
    let link = arrive(arrival);
    let after = link.bytes();
    assert!(after.received >= before.received && after.sent >= before.sent, "{after:?}");
    assert_eq!((link.peer(), link.transport()), (address, transport));
    assert_eq!(link.told().map(str::to_owned), told);
}
