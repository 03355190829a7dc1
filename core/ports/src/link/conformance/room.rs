//! Links whose peers do not read: what they take, and what they keep.

use futures_util::future::join;

use super::hand::{
    answer, arrive, block, dispatch, expect, flush, large, offer_until_blocked, text,
};
use super::{Bench, Peer};
use crate::link::CONTROL_BACKLOG_BYTES_MAX;

/// A link whose peer does not receive takes fewer than given, then nothing until it was flushed.
pub(super) async fn blocked_link_takes_no_more_until_flushed<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let body = large();
    let taken = block(&*link, &body).await;
    let more = dispatch(taken + 1, &body);
    assert_eq!(link.send(&[more]).ok(), Some(0), "a blocked link takes nothing");
    assert!(link.is_blocked(), "a link that takes nothing says so");
    join(flush(&*link), expect(&mut peer, 1..=taken, &body)).await;
    assert!(!link.is_blocked(), "nothing waits on a link that was flushed");
    assert_eq!(link.send(&[more]).ok(), Some(1), "a flushed link takes more");
    assert_eq!(peer.receive().await, Ok(text(taken + 1, &body)));
}

/// Control sent on a blocked link arrives after every dispatch that was taken before it.
pub(super) async fn control_waits_behind_what_was_taken<B: Bench>(bench: &B) {
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

/// Bytes of control with everything that a transport may count of it, in a frame of 1,000 bytes.
const FRAME_BYTES_MAX: usize = 1_024;

/// A blocked link keeps as much control as the port says, and no more; then it goes on.
pub(super) async fn control_backlog_is_what_the_port_says<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    let body = large();
    let taken = block(&*link, &body).await;
    let text = "x".repeat(1_000);
    let most = CONTROL_BACKLOG_BYTES_MAX / text.len();
    let kept = (0..=most).take_while(|_| link.send_control(&text).is_ok()).count();
    assert!(kept <= most, "a blocked link keeps no more control than the port says");
    let least = CONTROL_BACKLOG_BYTES_MAX / FRAME_BYTES_MAX - 1;
    assert!(kept >= least, "a blocked link keeps {kept} of {least} payloads of control");
    let reading = async {
        expect(&mut peer, 1..=taken, &body).await;
        for number in 0..kept {
            assert!(peer.receive().await.as_ref() == Ok(&text), "control {number} is next");
        }
    };
    join(flush(&*link), reading).await;
    assert!(link.send_control("last").is_ok(), "there is room again");
    assert_eq!(peer.receive().await.as_deref(), Ok("last"), "what was refused is not sent");
}

/// A blocked link takes no large payload until it was flushed, and then takes it whole.
pub(super) async fn large_payloads_wait_for_room<B: Bench>(bench: &B) {
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
pub(super) async fn large_payloads_leave_room_for_control<B: Bench>(bench: &B) {
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
