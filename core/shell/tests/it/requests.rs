//! Requests of the HTTP API over a link.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use throng_ports::api::Api;
use throng_ports::link::BoxFuture;
use throng_proto::gateway::{ApiRequest, ApiResponse};
use throng_proto::model::User;
use tokio::sync::oneshot;

use crate::world::{Setup, World};

/// Answers with who asked, as soon as the story lets it.
#[derive(Default)]
struct Slow(Mutex<Vec<oneshot::Receiver<()>>>);

impl Api for Slow {
    fn call(&self, caller: User, request: ApiRequest) -> BoxFuture<'static, ApiResponse> {
        let gate = self.0.lock().pop();
        Box::pin(async move {
            if let Some(gate) = gate {
                gate.await.expect("the story goes on");
            }
            let body = json!({"caller": caller.username, "path": request.path}).to_string();
            let body = serde_json::value::RawValue::from_string(body).ok();
            ApiResponse { id: request.id, status: 200, retry_after: None, body }
        })
    }
}

fn ask(id: u64) -> serde_json::Value {
    json!({"id": id, "method": "GET", "path": "/users/@me"})
}

#[tokio::test]
async fn a_request_is_answered_on_its_link_with_its_number() {
    let world = World::new().await;
    world.node.answer_requests(Arc::new(Slow::default()));
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    player.send(100, &ask(7));
    let answer = player.control().await;
    assert_eq!((&answer["op"], &answer["d"]["id"]), (&json!(101), &json!(7)));
    assert_eq!(answer["d"]["body"], json!({"caller": "user0", "path": "/users/@me"}));
}

#[tokio::test]
async fn requests_under_way_are_limited_and_do_not_count_as_payloads() {
    let mut setup = Setup::default();
    setup.config.limits.requests_per_link = 2;
    setup.config.limits.payloads_max = 3;
    let world = setup.start().await;
    let (gates, waits): (Vec<_>, Vec<_>) = (0..2).map(|_| oneshot::channel()).unzip();
    world.node.answer_requests(Arc::new(Slow(Mutex::new(waits))));
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    for id in 0..3 {
        player.send(100, &ask(id));
    }
    let busy = player.control().await;
    assert_eq!((&busy["d"]["id"], &busy["d"]["status"]), (&json!(2), &json!(429)));
    assert!(busy["d"]["retry_after"].as_f64().is_some_and(|seconds| seconds > 0.0));
    for gate in gates {
        gate.send(()).expect("the request waits");
        assert_eq!(player.control().await["d"]["status"], 200);
    }
    for id in 3..20 {
        player.send(100, &ask(id));
        assert_eq!(player.control().await["d"]["id"], id);
    }
}

#[tokio::test]
async fn nothing_is_answered_before_a_session_begins() {
    let world = World::new().await;
    world.node.answer_requests(Arc::new(Slow::default()));
    let [owner] = world.users().await;
    let mut player = world.dial(&owner).await;
    player.send(100, &ask(1));
    assert_eq!(player.closed().await, Some(4003));
}
