//! Guilds on a network that loses packets.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use futures_util::FutureExt as _;
use quinn::{TransportConfig, VarInt};
use throng_proto::wire::Body;
use throng_transport_quic::Config;

use crate::client::{Frames, House, flush, of_guild, text};
use crate::relay::{Relay, To};

const A: u64 = 1;
const B: u64 = 2;

/// Says no to about one of twenty, in the same order each time.
fn one_in_twenty() -> impl FnMut() -> bool {
    let mut state = 1_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        !(state >> 16).is_multiple_of(20)
    }
}

#[tokio::test]
async fn a_stalled_guild_does_not_stop_another_while_packets_are_lost() {
    const EVENTS: u32 = 200;
    let mut house = House::new(Config::default());
    let (begun, lost) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let (mut passes, began, counter) = (one_in_twenty(), Arc::clone(&begun), Arc::clone(&lost));
    let relay = Relay::start(house.address, move |_, _| {
        let passed = !began.load(Ordering::Relaxed) || passes();
        counter.fetch_add(u32::from(!passed), Ordering::Relaxed);
        passed
    })
    .await;
    let mut narrow = TransportConfig::default();
    narrow.stream_receive_window(VarInt::from_u32(16 * 1024));
    let (arrival, client) = house.open_at(relay.address, narrow).await;
    let link = arrival.arrive().unwrap();
    let body = Body::dispatch("TEST", &format!("\"{}\"", "x".repeat(500)));
    begun.store(true, Ordering::Relaxed);

    // Nobody reads A, so that half of this waits here for good.
    let stalled: Vec<_> = (1..=60).map(|sequence| of_guild(A, sequence, &body)).collect();
    assert_eq!(link.send(&stalled).unwrap(), 60);
    let (_, mut first) = client.guild().await;

    let sending = async {
        for sequence in 61..=60 + EVENTS {
            while link.send(&[of_guild(B, sequence, &body)]).unwrap() == 0 {
                flush(&*link).await;
            }
            // Whoever has a link flushes it beside everything else.
            let _flushed = poll_fn(|cx| link.poll_flush(cx)).now_or_never();
            tokio::task::yield_now().await;
        }
        poll_fn(|cx| link.poll_flush(cx)).await
    };
    let receiving = async {
        let (guild, mut second) = client.guild().await;
        assert_eq!(guild.value(), B);
        expect(&mut second, 61..=60 + EVENTS).await;
    };
    tokio::select! {
        flushed = sending => panic!("the stalled guild was flushed: {flushed:?}"),
        () = receiving => {}
    }
    assert!(lost.load(Ordering::Relaxed) > 0, "packets were lost");

    // And nothing of A is lost once it is read.
    tokio::join!(flush(&*link), expect(&mut first, 1..=60));
}

async fn expect(frames: &mut Frames, sequences: std::ops::RangeInclusive<u32>) {
    for sequence in sequences {
        assert!(frames.text().await.starts_with(&format!("{{\"s\":{sequence},")));
    }
}

#[tokio::test]
async fn a_lost_packet_delays_its_own_guild_only() {
    // Packets of A are the only large ones. Six are lost, so that retransmissions are, too.
    const LOST: u32 = 6;
    let mut house = House::new(Config::default());
    let lost = Arc::new(AtomicU32::new(LOST));
    let counter = Arc::clone(&lost);
    let relay = Relay::start(house.address, move |to, packet| {
        let large = to == To::Client && packet.len() > 700;
        let lose = large && counter.load(Ordering::Relaxed) < LOST;
        counter.fetch_add(u32::from(lose), Ordering::Relaxed);
        !lose
    })
    .await;
    let mut transport = TransportConfig::default();
    transport.mtu_discovery_config(None);
    let (arrival, client) = house.open_at(relay.address, transport).await;
    let link = arrival.arrive().unwrap();
    let small = Body::dispatch("SMALL", "1");
    let large = Body::dispatch("LARGE", &"1".repeat(1_000));
    assert_eq!(link.send(&[of_guild(A, 1, &small), of_guild(B, 2, &small)]).unwrap(), 2);
    let (_, mut first) = client.guild().await;
    let (_, mut second) = client.guild().await;
    first.text().await;
    second.text().await;

    lost.store(0, Ordering::Relaxed);
    assert_eq!(link.send(&[of_guild(A, 3, &large)]).unwrap(), 1);
    while lost.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(link.send(&[of_guild(B, 4, &small)]).unwrap(), 1);
    {
        let (a, b) = (first.next(), second.next());
        tokio::pin!(a, b);
        tokio::select! {
            biased;
            _ = &mut a => panic!("the guild whose packet was lost came first"),
            frame = &mut b => assert!(text(frame.unwrap()).starts_with("{\"s\":4,")),
        }
        assert!(text(a.await.unwrap()).starts_with("{\"s\":3,"));
    }
}
