//! Closes, from both sides.

use futures_util::future::join;
use throng_proto::wire::Body;

use super::hand::{answer, arrive, dispatch, moved, offer_until_blocked, receive};
use super::{Bench, Peer};
use crate::link::Received;

/// A close behind a large payload arrives with its code, and the payload before it.
pub(super) async fn close_arrives_behind_a_large_payload<B: Bench>(bench: &B) {
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
pub(super) async fn close_code_reaches_the_peer<B: Bench>(bench: &B) {
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
pub(super) async fn close_code_reaches_the_link<B: Bench>(bench: &B) {
    for code in [1000, 1001, 3000, 4000, 4999] {
        let (arrival, mut peer) = bench.open().await;
        let link = arrive(arrival);
        peer.send("last").await;
        let (payload, ()) = join(receive(&*link), peer.close(code)).await;
        assert_eq!(payload, Received::Payload(b"last".to_vec()));
        assert_eq!(receive(&*link).await, Received::Closed(Some(code)));
    }
}

/// A close that is under way goes on after the link has moved.
pub(super) async fn departed_link_keeps_its_close<B: Bench>(bench: &B) {
    let (arrival, mut peer) = bench.open().await;
    let link = arrive(arrival);
    assert!(link.send_control("last").is_ok(), "an idle link takes control");
    link.close(4009, "session timed out");
    let link = moved(&*link);
    assert!(link.send_control("more").is_err(), "closed means closed, over there as well");
    assert_eq!(peer.receive().await.as_deref(), Ok("last"));
    let (received, closed) = join(receive(&*link), async {
        let closed = peer.receive().await;
        peer.close(4009).await;
        closed
    })
    .await;
    assert_eq!(closed, Err(Some(4009)));
    assert_eq!(received, Received::Closed(Some(4009)));
}
