//! What only QUIC can carry: frames that are none, or that are not for the gateway.

use anyhow::{Result, ensure};
use throng_e2e::{Scene, Way};
use throng_proto::throng::{Close, Head, Message, Open, whole};

use super::stranger::Stranger;
use super::{Witness, misses_nothing, scene};

#[tokio::test]
async fn a_broken_frame_ends_the_link_not_the_session() -> Result<()> {
    let open = Message::Open(Open { v: 10, compress: None }).frame();
    let dispatch = Head::Dispatch { sequence: 1, compressed: false };
    let broken: [&[u8]; 6] = [
        // A length that leaves no room for a head, and more than anybody may say.
        &[0],
        &[0xff; 8],
        &whole(Head::Message, b"{\"jump\":1}"),
        &whole(Head::Message, b"hello"),
        &whole(dispatch, b"\"op\":0}"),
        &open,
    ];
    for bytes in broken {
        // One gateway each: a user has one guild.
        let scene = scene(&[])?;
        let mut witness = Witness::enter(&scene, Way::QUIC).await?;
        let mut stranger = Stranger::entered(&scene, Way::QUIC).await?;
        stranger.write(bytes).await?;
        let closed = stranger.closed().await?;
        let explained = closed.code == Some(4002) && !closed.reason.is_empty();
        ensure!(explained, "{closed:?} after {bytes:?}");
        misses_nothing(&scene, &stranger).await?;
        witness.is_unharmed(&scene).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_link_over_quic_that_does_not_open_first_is_refused() -> Result<()> {
    let scene = scene(&[])?;
    let mut witness = Witness::enter(&scene, Way::QUIC).await?;
    let close = Message::Close(Close { code: 1000, reason: String::new() }).frame();
    for first in [whole(Head::Payload, b"{\"op\":1,\"d\":null}"), close, vec![0]] {
        is_refused(&scene, &first).await?;
    }
    witness.is_unharmed(&scene).await
}

async fn is_refused(scene: &Scene, first: &[u8]) -> Result<()> {
    let mut mute = Stranger::connected(scene, &scene.gateway.route(Way::QUIC).mute()).await?;
    mute.write(first).await?;
    let closed = mute.closed().await?;
    let explained = closed.code == Some(4002) && !closed.reason.is_empty();
    ensure!(explained, "{closed:?} after {first:?}");
    Ok(())
}
