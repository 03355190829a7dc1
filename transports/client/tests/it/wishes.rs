//! Focus, presence and requests for members.

use std::time::Duration;

use serde_json::{Value, json};
use throng_client::event::GuildMembersChunk;
use throng_client::id::{ChannelId, GuildId};
use throng_client::model::Status;
use throng_client::{BuildError, Event, Members, Presence, RequestError, Transport};

use crate::gateway::{BOTH, Gateway, Peer};
use crate::witness::Witness;

const GUILD: GuildId = GuildId::new(7);

async fn begun(gateway: &Gateway, transport: Transport) -> (Witness, Peer) {
    let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
    let peer = gateway.session(transport).await;
    witness.ready().await;
    (witness, peer)
}

/// Waits for op 37 and returns what it says of the guild.
async fn subscription(peer: &mut Peer) -> Value {
    peer.expect(37).await["subscriptions"]["7"].take()
}

#[tokio::test]
async fn focus_is_told_when_it_changes() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (witness, mut peer) = begun(&gateway, transport).await;
        witness.client.focus(GUILD).unwrap();
        assert_eq!(subscription(&mut peer).await, json!({"typing": true}));
        witness.client.focus_channel(GUILD, ChannelId::new(8)).unwrap();
        let channel = json!({"typing": true, "channels": {"8": [[0, 99]]}});
        assert_eq!(subscription(&mut peer).await, channel);
        witness.client.unfocus(GUILD);
        assert_eq!(subscription(&mut peer).await, json!({"typing": false}));
    }
}

#[tokio::test]
async fn focus_and_presence_are_told_again_on_every_link() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (witness, mut peer) = begun(&gateway, transport).await;
        witness.client.focus(GUILD).unwrap();
        subscription(&mut peer).await;
        let busy = Presence { status: Status::Dnd, ..Presence::default() };
        witness.client.show(busy).unwrap();
        assert_eq!(peer.expect(3).await["status"], "dnd");
        drop(peer);
        let (mut peer, _) = gateway.resumed(transport).await;
        peer.resumed(2).await;
        assert_eq!(peer.expect(3).await["status"], "dnd");
        assert_eq!(subscription(&mut peer).await, json!({"typing": true}));
        peer.send(json!({"op": 9, "d": false})).await;
        // A new session knows the presence from IDENTIFY.
        let (mut peer, identify) = gateway.identified(transport).await;
        assert_eq!(identify["presence"]["status"], "dnd");
        peer.ready(&gateway.url()).await;
        assert_eq!(subscription(&mut peer).await, json!({"typing": true}));
    }
}

#[tokio::test]
async fn what_is_wished_before_the_session_begins_is_told_after() {
    let gateway = Gateway::start().await;
    let witness = Witness::from(gateway.client().only(Transport::Quic).connect().unwrap());
    witness.client.focus(GUILD).unwrap();
    witness.client.focus(GuildId::new(5)).unwrap();
    witness.client.unfocus(GuildId::new(5));
    let mut peer = gateway.session(Transport::Quic).await;
    let told = peer.expect(37).await;
    assert_eq!(told, json!({"subscriptions": {"7": {"typing": true}}}));
}

#[tokio::test]
async fn members_come_in_chunks_with_the_nonce_of_their_request() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (mut witness, mut peer) = begun(&gateway, transport).await;
        let prefix = Members::Named("a".to_owned());
        let nonce = witness.client.request_members(GUILD, prefix).await.unwrap();
        let request = peer.expect(8).await;
        assert_eq!(request, json!({"guild_id": "7", "query": "a", "limit": 100, "nonce": nonce}));
        peer.dispatch(2, "GUILD_MEMBERS_CHUNK", chunk(&nonce)).await;
        let Event::GuildMembersChunk(chunk) = witness.next().await else { panic!("no chunk") };
        let GuildMembersChunk { members, nonce: echoed, .. } = &*chunk;
        assert_eq!((members[0].user.username.as_str(), echoed.as_ref()), ("ada", Some(&nonce)));
    }
}

fn chunk(nonce: &str) -> Value {
    let ada = json!({"user": {"id": "1", "username": "ada"}, "roles": [],
        "joined_at": "2026-01-01T00:00:00.000000+00:00"});
    json!({"guild_id": "7", "members": [ada], "chunk_index": 0, "chunk_count": 1,
        "not_found": [], "nonce": nonce})
}

#[tokio::test]
async fn members_are_asked_for_again_until_they_come() {
    let gateway = Gateway::start().await;
    let (mut witness, mut peer) = begun(&gateway, Transport::WebSocket).await;
    let nonce = witness.client.request_members(GUILD, Members::All).await.unwrap();
    let request = peer.expect(8).await;
    assert_eq!(request, json!({"guild_id": "7", "query": "", "limit": 0, "nonce": nonce}));
    let meta = json!({"guild_id": "7", "nonce": nonce});
    let limited = json!({"opcode": 8, "retry_after": 0.01, "meta": meta});
    peer.dispatch(2, "RATE_LIMITED", limited).await;
    assert_eq!(peer.expect(8).await, request);
    drop(peer);
    let (mut peer, _) = gateway.resumed(Transport::WebSocket).await;
    peer.resumed(3).await;
    assert_eq!(peer.expect(8).await, request);
    peer.dispatch(4, "GUILD_MEMBERS_CHUNK", chunk(&nonce)).await;
    assert_eq!(witness.sequences(2).await, [2, 4]);
    // Answered, it is not asked for on the next link.
    drop(peer);
    let (mut peer, _) = gateway.resumed(Transport::WebSocket).await;
    peer.resumed(5).await;
    witness.client.focus(GUILD).unwrap();
    peer.expect(37).await;
}

#[tokio::test(start_paused = true)]
async fn a_limit_longer_than_a_request_may_take_is_waited_for_all_the_same() {
    let gateway = Gateway::start().await;
    let built = gateway.client().only(Transport::WebSocket);
    let witness = Witness::from(built.request_time(Duration::from_secs(5)).connect().unwrap());
    let mut peer = gateway.session(Transport::WebSocket).await;
    let nonce = witness.client.request_members(GUILD, Members::All).await.unwrap();
    let request = peer.expect(8).await;
    let limited = json!({"opcode": 8, "retry_after": 20.0, "meta": {"nonce": nonce}});
    peer.dispatch(2, "RATE_LIMITED", limited).await;
    assert_eq!(peer.expect(8).await, request);
}

#[tokio::test]
async fn too_many_named_members_are_refused_here() {
    let gateway = Gateway::start().await;
    let (witness, _peer) = begun(&gateway, Transport::WebSocket).await;
    let users = (0..1_000).map(|id| throng_client::id::UserId::new(u64::MAX - id)).collect();
    let error = witness.client.request_members(GUILD, Members::Users(users)).await.unwrap_err();
    assert_eq!(error, RequestError::TooLong);
}

#[tokio::test]
async fn a_presence_too_long_for_a_payload_is_refused_here() {
    let gateway = Gateway::start().await;
    let long = Presence { activities: vec![json!("x".repeat(8_000))], ..Presence::default() };
    let (client, _events) = gateway.client().connect().unwrap();
    assert!(client.show(long.clone()).is_err());
    assert_eq!(gateway.client().presence(long).connect().unwrap_err(), BuildError::TooLong);
    let verbose = gateway.client().property("device", "x".repeat(8_000));
    assert_eq!(verbose.connect().unwrap_err(), BuildError::TooLong);
}

#[tokio::test]
async fn a_session_focuses_only_so_many_guilds() {
    let gateway = Gateway::start().await;
    let (client, _events) = gateway.client().connect().unwrap();
    for guild in 0..2_500 {
        client.focus(GuildId::new(guild)).unwrap();
    }
    assert!(client.focus(GuildId::new(2_500)).is_err());
    client.unfocus(GuildId::new(0));
    client.focus(GuildId::new(2_500)).unwrap();
}
