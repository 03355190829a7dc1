//! Beginning a session.

use serde_json::json;
use throng_client::event::Ready;
use throng_client::{CloseCode, Compression, End, Event, Intents, Presence, Transport};

use crate::gateway::{BOTH, Gateway, TOKEN};
use crate::witness::Witness;

#[tokio::test]
async fn identify_says_what_the_client_was_built_with() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let built = gateway
            .client()
            .only(transport)
            .intents(Intents::GUILDS)
            .region("eu-west")
            .property("device", "test")
            .capabilities(1 << 4)
            .passive()
            .large_threshold(100)
            .shard(1, 4)
            .presence(Presence { afk: true, ..Presence::default() });
        let _client = built.connect().unwrap();
        let (_peer, identify) = gateway.identified(transport).await;
        assert_eq!(identify["token"], TOKEN);
        assert_eq!(identify["intents"], 1);
        assert_eq!(identify["properties"]["os"], std::env::consts::OS);
        assert_eq!(identify["properties"]["browser"], "throng");
        assert_eq!(identify["properties"]["device"], "test");
        assert_eq!(identify["properties"]["region"], "eu-west");
        assert_eq!(identify["capabilities"], 1 << 4 | 1 << 14);
        assert_eq!(identify["large_threshold"], 100);
        assert_eq!(identify["shard"], json!([1, 4]));
        assert_eq!(identify["presence"]["afk"], true);
        assert_eq!(identify["presence"]["status"], "online");
    }
}

#[tokio::test]
async fn what_was_not_set_is_not_said() {
    let gateway = Gateway::start().await;
    let _client = gateway.client().only(Transport::WebSocket).connect().unwrap();
    let (_peer, identify) = gateway.identified(Transport::WebSocket).await;
    let keys: Vec<_> = identify.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["properties", "token"]);
}

#[tokio::test]
async fn a_session_begins_with_connected_and_ready() {
    let gateway = Gateway::start().await;
    for compression in [Compression::None, Compression::Zstd] {
        for transport in BOTH {
            let built = gateway.client().only(transport).compression(compression);
            let mut witness = Witness::from(built.connect().unwrap());
            let mut peer = gateway.session(transport).await;
            assert_eq!(witness.connected().await, transport);
            let Event::Ready(ready) = witness.next().await else { panic!("no READY") };
            let Ready { user, session_id, .. } = &*ready;
            assert_eq!((user.username.as_str(), session_id.as_str()), ("ada", "feed"));
            assert_eq!(ready.sequence(), 1);
            assert!(ready.raw().get().contains("\"session_id\":\"feed\""));
            peer.event(7, 2).await;
            let Event::GuildRoleDelete(gone) = witness.next().await else { panic!("no event") };
            assert_eq!(gone.guild_id.value(), 7);
        }
    }
}

#[tokio::test]
async fn large_payloads_arrive_whole() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
        let mut peer = gateway.session(transport).await;
        witness.ready().await;
        // Random text does not compress, so this is several windows of zstd.
        let noise: String =
            (0..100_000).map(|_| format!("{:08x}", rand::random::<u32>())).collect();
        peer.dispatch(2, "NOISE", json!({ "noise": noise })).await;
        let Event::Other(other) = witness.next().await else { panic!("a typed event") };
        assert_eq!((other.name.as_str(), other.fault.as_deref()), ("NOISE", None));
        assert!(other.raw().get().contains(&noise));
    }
}

#[tokio::test]
async fn a_refusal_that_cannot_change_ends_the_client() {
    let gateway = Gateway::start().await;
    for (transport, code) in BOTH
        .into_iter()
        .flat_map(|transport| [4004, 4010, 4011, 4012, 4013, 4014].map(|code| (transport, code)))
    {
        let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
        let (peer, _) = gateway.identified(transport).await;
        peer.close(code, "Because.").await;
        let Event::Closed(End::Refused { code: refused, reason }) = witness.last().await else {
            panic!("{code} is not the end");
        };
        assert_eq!((refused.code(), reason.as_str()), (code, "Because."));
        let error = witness.client.request("GET", "/users/@me", None).await.unwrap_err();
        assert_eq!(error, throng_client::RequestError::Closed);
    }
}

#[tokio::test]
async fn a_close_before_hello_counts_too() {
    let gateway = Gateway::start().await;
    let mut witness = Witness::from(gateway.client().only(Transport::Quic).connect().unwrap());
    let mut peer = gateway.link(Transport::Quic).await;
    peer.quic().end(4012, "Another version.");
    let Event::Closed(End::Refused { code, .. }) = witness.last().await else {
        panic!("not the end")
    };
    assert_eq!(code, CloseCode::InvalidVersion);
}

#[tokio::test]
async fn closing_ends_the_session() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
        let mut peer = gateway.session(transport).await;
        witness.ready().await;
        let client = witness.client.clone();
        let ((), code) = tokio::join!(client.close(), peer.closed());
        assert_eq!(code, Some(1000));
        assert!(matches!(witness.last().await, Event::Closed(End::Finished)));
        client.close().await;
    }
}

#[tokio::test]
async fn dropping_everything_ends_the_session() {
    let gateway = Gateway::start().await;
    let witness = Witness::from(gateway.client().only(Transport::WebSocket).connect().unwrap());
    let mut peer = gateway.session(Transport::WebSocket).await;
    drop(witness);
    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn op_9_for_identify_is_tried_again() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
        let (mut peer, _) = gateway.identified(transport).await;
        peer.send(json!({"op": 9, "d": false})).await;
        let _peer = gateway.session(transport).await;
        witness.ready().await;
    }
}
