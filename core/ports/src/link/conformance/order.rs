//! What is sent arrives whole and in order.

use futures_util::future::join;
use throng_proto::id::GuildId;
use throng_proto::wire::Body;

use super::hand::{arrive, dispatch, flush, receive, text};
use super::{Bench, Peer};
use crate::link::{Dispatch, Lane, Received};

/// Payloads of the peer are received one by one, as they were sent.
pub(super) async fn payloads_arrive_whole_and_in_order<B: Bench>(bench: &B) {
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
pub(super) async fn dispatches_arrive_whole_and_in_order<B: Bench>(bench: &B) {
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
pub(super) async fn lanes_keep_their_order<B: Bench>(bench: &B) {
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
