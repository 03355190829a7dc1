//! Publishing and other requests.

use serde_json::{Value, json};
use throng_client::id::ChannelId;
use throng_client::{Client, PublishError, RequestError, Transport};
use tokio::task::JoinHandle;

use crate::gateway::{BOTH, Gateway, Peer, soon};
use crate::witness::Witness;

const CHANNEL: ChannelId = ChannelId::new(9);

/// A message as the gateway answers with it.
fn message(content: &Value) -> Value {
    json!({
        "id": "77", "channel_id": "9", "content": content, "type": 0,
        "author": {"id": "1", "username": "ada"}, "timestamp": "2026-01-01T00:00:00.000000+00:00",
        "edited_timestamp": null, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "components": [],
    })
}

async fn begun(gateway: &Gateway, transport: Transport) -> (Witness, Peer) {
    let mut witness = Witness::from(gateway.client().only(transport).connect().unwrap());
    let peer = gateway.session(transport).await;
    witness.ready().await;
    (witness, peer)
}

type Posted = JoinHandle<Result<throng_client::model::Message, PublishError>>;

fn publish(client: &Client, content: &'static str) -> Posted {
    let client = client.clone();
    tokio::spawn(async move { client.publish(CHANNEL, content).await })
}

#[tokio::test]
async fn a_message_is_published_when_the_gateway_says_so() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (witness, mut peer) = begun(&gateway, transport).await;
        let posted = publish(&witness.client, "hello");
        let request = peer.request().await;
        assert_eq!(
            (&request["method"], &request["path"]),
            (&json!("POST"), &json!("/channels/9/messages"))
        );
        assert_eq!(
            (&request["body"]["content"], &request["body"]["enforce_nonce"]),
            (&json!("hello"), &json!(true))
        );
        assert_eq!(request["body"]["nonce"].as_str().map(str::len), Some(24));
        peer.answer(&request, 200, message(&json!("hello"))).await;
        let message = soon(posted).await.unwrap().unwrap();
        assert_eq!((message.id.value(), message.content.as_str()), (77, "hello"));
    }
}

#[tokio::test]
async fn a_message_is_sent_again_under_its_nonce_until_it_is_acknowledged() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (witness, mut peer) = begun(&gateway, transport).await;
        let posted = publish(&witness.client, "once");
        let first = peer.request().await;
        drop(peer);
        let (mut peer, _) = gateway.resumed(transport).await;
        peer.resumed(2).await;
        let second = peer.request().await;
        assert_eq!(first["body"], second["body"]);
        // Not even a new session makes it another message.
        peer.send(json!({"op": 9, "d": false})).await;
        let mut peer = gateway.session(transport).await;
        let third = peer.request().await;
        assert_eq!(first["body"], third["body"]);
        peer.answer(&third, 200, message(&json!("once"))).await;
        assert!(soon(posted).await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn limits_are_waited_for() {
    let gateway = Gateway::start().await;
    let (witness, mut peer) = begun(&gateway, Transport::WebSocket).await;
    let posted = publish(&witness.client, "patience");
    let first = peer.request().await;
    for status in [429, 503] {
        let refusal = json!({"id": first["id"], "status": status, "retry_after": 0.01});
        peer.send(json!({"op": 101, "d": refusal})).await;
        assert_eq!(peer.request().await, first);
    }
    peer.answer(&first, 200, message(&json!("patience"))).await;
    assert!(soon(posted).await.unwrap().is_ok());
}

#[tokio::test]
async fn a_limit_beyond_the_time_of_a_request_refuses_it() {
    let gateway = Gateway::start().await;
    let (witness, mut peer) = begun(&gateway, Transport::WebSocket).await;
    let posted = publish(&witness.client, "too late");
    let request = peer.request().await;
    let refusal = json!({"id": request["id"], "status": 429, "retry_after": 3600.0,
        "body": {"message": "You are being rate limited.", "code": 0}});
    peer.send(json!({"op": 101, "d": refusal})).await;
    let Err(PublishError::Request(error)) = soon(posted).await.unwrap() else { panic!("posted") };
    assert!(matches!(error, RequestError::Refused { status: 429, .. }), "{error}");
}

#[tokio::test]
async fn a_refusal_says_why() {
    let gateway = Gateway::start().await;
    for transport in BOTH {
        let (witness, mut peer) = begun(&gateway, transport).await;
        let posted = publish(&witness.client, "hello");
        let request = peer.request().await;
        let why = json!({"message": "Missing Permissions", "code": 50_013});
        peer.answer(&request, 403, why).await;
        let Err(PublishError::Request(error)) = soon(posted).await.unwrap() else {
            panic!("posted")
        };
        let message = "Missing Permissions".to_owned();
        assert_eq!(error, RequestError::Refused { status: 403, code: 50_013, message });
    }
}

#[tokio::test]
async fn only_requests_that_may_be_repeated_outlive_their_link() {
    let gateway = Gateway::start().await;
    let (witness, mut peer) = begun(&gateway, Transport::WebSocket).await;
    let ask = |method: &'static str| {
        let client = witness.client.clone();
        tokio::spawn(async move { client.request(method, "/users/@me", None).await })
    };
    let (get, patch) = (ask("GET"), ask("PATCH"));
    let asked = [peer.request().await, peer.request().await];
    assert!(asked.iter().all(|request| request["body"].is_null()));
    drop(peer);
    assert_eq!(soon(patch).await.unwrap().unwrap_err(), RequestError::Interrupted);
    let (mut peer, _) = gateway.resumed(Transport::WebSocket).await;
    peer.resumed(2).await;
    let request = peer.request().await;
    assert_eq!(request["method"], "GET");
    peer.answer(&request, 200, json!({"id": "1"})).await;
    let answer = soon(get).await.unwrap().unwrap();
    assert_eq!((answer.status, answer.json::<Value>().unwrap()), (200, json!({"id": "1"})));
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let gateway = Gateway::start().await;
    let built = gateway.client().only(Transport::WebSocket).requests_max(2);
    let witness = Witness::from(built.connect().unwrap());
    let mut peer = gateway.session(Transport::WebSocket).await;
    let posted: Vec<_> = (0..5).map(|_| publish(&witness.client, "many")).collect();
    for _ in 0..2 {
        let pair = [peer.request().await, peer.request().await];
        // A third one would come before the answer to this.
        peer.send(json!({"op": 1, "d": null})).await;
        let beat = crate::gateway::Said::Payload(json!({"op": 1, "d": 1}));
        assert_eq!(peer.said().await, beat);
        for request in &pair {
            peer.answer(request, 200, message(&json!("many"))).await;
        }
    }
    let last = peer.request().await;
    peer.answer(&last, 200, message(&json!("many"))).await;
    for posted in posted {
        assert!(soon(posted).await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_is_not_sent() {
    let gateway = Gateway::start().await;
    let built = gateway.client().only(Transport::WebSocket);
    let witness = Witness::from(built.connect().unwrap());
    let (mut peer, _) = gateway.identified(Transport::WebSocket).await;
    let given_up = publish(&witness.client, "never mind");
    let kept = publish(&witness.client, "this");
    given_up.abort();
    assert!(soon(given_up).await.unwrap_err().is_cancelled());
    peer.ready(&gateway.url()).await;
    let request = peer.request().await;
    assert_eq!(request["body"]["content"], "this");
    peer.answer(&request, 200, message(&json!("this"))).await;
    assert!(soon(kept).await.unwrap().is_ok());
}

#[tokio::test]
async fn a_request_too_long_for_a_payload_is_refused_here() {
    let gateway = Gateway::start().await;
    let (witness, _peer) = begun(&gateway, Transport::WebSocket).await;
    let error = witness.client.publish(CHANNEL, "x".repeat(16_000)).await.unwrap_err();
    assert!(matches!(error, PublishError::Request(RequestError::TooLong)), "{error}");
}

#[tokio::test]
async fn requests_without_an_answer_end_in_time_and_with_the_client() {
    let gateway = Gateway::start().await;
    let built = gateway.client().only(Transport::WebSocket);
    let short = built.clone().request_time(std::time::Duration::from_millis(1));
    let witness = Witness::from(short.connect().unwrap());
    let _peer = gateway.link(Transport::WebSocket).await;
    let error = soon(witness.client.request("GET", "/users/@me", None)).await.unwrap_err();
    assert_eq!(error, RequestError::Unanswered);
    drop(witness);

    let witness = Witness::from(built.connect().unwrap());
    let mut peer = gateway.session(Transport::WebSocket).await;
    let posted = publish(&witness.client, "hello");
    peer.request().await;
    tokio::join!(witness.client.close(), peer.closed());
    let Err(PublishError::Request(error)) = soon(posted).await.unwrap() else { panic!("posted") };
    assert_eq!(error, RequestError::Closed);
}
