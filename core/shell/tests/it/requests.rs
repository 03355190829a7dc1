//! Requests of the HTTP API over a link.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::json;
use throng_plugin_store_memory::MemoryStore;
use throng_ports::api::{Api, Turn};
use throng_ports::link::BoxFuture;
use throng_ports::registry::{AccountChange, Registry as _};
use throng_ports::store::{Layer, Store, Stored};
use throng_proto::gateway::{ApiRequest, ApiResponse};
use throng_proto::id::UserId;
use throng_proto::model::User;
use throng_proto::record::{Account, Write};
use tokio::sync::oneshot;

use crate::world::{Setup, World, becomes};

/// Answers with who asked, as soon as the story lets it.
#[derive(Default)]
struct Slow(Mutex<Vec<oneshot::Receiver<()>>>);

impl Api for Slow {
    fn call(&self, caller: User, request: ApiRequest, _: Turn) -> BoxFuture<'static, ApiResponse> {
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

/// Notes which requests began, and keeps the turn of each until the story lets it pass.
#[derive(Default)]
struct Orderly {
    begun: Arc<Mutex<Vec<u64>>>,
    gates: Mutex<Vec<oneshot::Receiver<()>>>,
}

impl Api for Orderly {
    fn call(
        &self,
        _caller: User,
        request: ApiRequest,
        mut turn: Turn,
    ) -> BoxFuture<'static, ApiResponse> {
        self.begun.lock().push(request.id);
        let gate = if request.method == "GET" { None } else { self.gates.lock().pop() };
        Box::pin(async move {
            if let Some(gate) = gate {
                gate.await.expect("the story goes on");
            }
            turn.pass();
            ApiResponse { id: request.id, status: 204, retry_after: None, body: None }
        })
    }
}

/// T1: a request that changes something begins when the one before it has passed its turn on; one
/// that only reads waits for nobody.
#[tokio::test]
async fn t1_requests_of_a_link_begin_in_the_order_in_which_they_were_sent() {
    let world = World::new().await;
    let begun = Arc::new(Mutex::new(Vec::new()));
    let (gates, mut waits): (Vec<_>, Vec<_>) = (0..3).map(|_| oneshot::channel()).unzip();
    waits.reverse();
    let api = Orderly { begun: Arc::clone(&begun), gates: Mutex::new(waits) };
    world.node.answer_requests(Arc::new(api));
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    let methods = ["POST", "GET", "PATCH", "GET", "DELETE"];
    for (id, method) in methods.into_iter().enumerate() {
        player.send(100, &json!({"id": id, "method": method, "path": "/channels/1"}));
    }
    let mut answered = [player.control().await, player.control().await];
    answered.sort_by_key(|answer| answer["d"]["id"].as_u64());
    assert_eq!((&answered[0]["d"]["id"], &answered[1]["d"]["id"]), (&json!(1), &json!(3)));
    for (gate, id) in gates.into_iter().zip([0, 2, 4]) {
        becomes(|| begun.lock().contains(&id)).await;
        let early = begun.lock().iter().any(|other| other % 2 == 0 && *other > id);
        assert!(!early, "the next one begins when this one passes");
        gate.send(()).expect("the request waits");
        assert_eq!(player.control().await["d"]["id"], id);
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

/// Counts how often somebody is looked up.
struct Counting {
    store: MemoryStore,
    reads: Arc<AtomicU64>,
}

impl Counting {
    fn note<T>(&self, read: T) -> T {
        self.reads.fetch_add(1, Ordering::AcqRel);
        read
    }
}

impl Layer for Counting {
    fn below(&self) -> &dyn Store {
        &self.store
    }

    fn user(&self, user: UserId) -> BoxFuture<'static, Stored<Option<User>>> {
        self.note(self.store.user(user))
    }

    fn account(&self, user: UserId) -> BoxFuture<'static, Stored<Option<Account>>> {
        self.note(self.store.account(user))
    }

    fn token(&self, digest: [u8; 32]) -> BoxFuture<'static, Stored<Option<Account>>> {
        self.note(self.store.token(digest))
    }
}

/// Who asks is known since its session began, and known anew once an operator has changed it.
#[tokio::test]
async fn whoever_asks_is_looked_up_once_until_accounts_have_changed() {
    let (store, reads) = (MemoryStore::new(), Arc::new(AtomicU64::new(0)));
    let counting = Counting { store: store.clone(), reads: Arc::clone(&reads) };
    let setup = Setup { store, seen_as: Some(Arc::new(counting)), ..Setup::default() };
    let world = setup.start().await;
    world.node.answer_requests(Arc::new(Slow::default()));
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    let begun = reads.load(Ordering::Acquire);
    for id in 0..5 {
        player.send(100, &ask(id));
        assert_eq!(player.control().await["d"]["body"]["caller"], "user0");
    }
    assert_eq!(reads.load(Ordering::Acquire), begun + 1, "the first request looks, others do not");
    let mut account = Account::new(User { username: "ada".to_owned(), ..owner.user.clone() });
    world.store.commit(vec![Write::Account(Box::new(account.clone()))]).await.unwrap();
    account.owner = Some(owner.id());
    let change = AccountChange { disabled: None, owner: Some(account.owner) };
    let (node, user) = (world.node.clone(), owner.id());
    let changed = world.run(async move { node.change_account(user, change).await }).await;
    assert_eq!(changed.unwrap(), account);
    player.send(100, &ask(5));
    assert_eq!(player.control().await["d"]["body"]["caller"], "ada");
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

/// Answers everything with as many bytes as a page of members has.
struct Large;

/// Bytes of such an answer's body.
const LARGE_BYTES: usize = 100_000;

impl Api for Large {
    fn call(&self, _caller: User, request: ApiRequest, _: Turn) -> BoxFuture<'static, ApiResponse> {
        let body =
            serde_json::value::RawValue::from_string(json!("x".repeat(LARGE_BYTES)).to_string());
        let answer =
            ApiResponse { id: request.id, status: 200, retry_after: None, body: body.ok() };
        Box::pin(async move { answer })
    }
}

async fn large_world(bytes_per_link: usize) -> World {
    let mut setup = Setup::default();
    setup.config.limits.answer_bytes_per_link = bytes_per_link;
    setup.config.limits.requests_per_link = 4;
    let world = setup.start().await;
    world.node.answer_requests(Arc::new(Large));
    world
}

#[tokio::test]
async fn large_answers_wait_for_a_client_that_does_not_read_and_come_in_order() {
    let world = large_world(10 * LARGE_BYTES).await;
    let [owner] = world.users().await;
    let hall = world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    player.link.set_capacity(0);
    for id in 0..4 {
        player.send(100, &ask(id));
    }
    player.send(1, &serde_json::Value::Null);
    for number in 0..20 {
        world.post(hall, &owner, &number.to_string()).await;
    }
    world.metric_becomes("throng_lagging", |count| count == 1).await;
    player.link.set_capacity(1);
    assert_eq!(player.control().await["op"], 11, "a heartbeat is acknowledged before them");
    let (mut answers, mut told, mut before_the_last) = (0, 0, 0);
    while answers < 4 || told < 20 {
        let payload = player.next().await.expect("the link should not end");
        if payload["op"] == 0 {
            assert_eq!(payload["d"]["content"], told.to_string());
            told += 1;
        } else {
            let id_and_status = (&payload["d"]["id"], &payload["d"]["status"]);
            assert_eq!(id_and_status, (&json!(answers), &json!(200)));
            answers += 1;
            before_the_last = told;
        }
    }
    assert!(before_the_last > 0, "messages do not wait for all answers");
    player.send(100, &ask(4));
    assert_eq!(player.control().await["d"]["status"], 200, "the link lives on");
}

#[tokio::test]
async fn answers_past_the_bytes_of_a_link_are_put_off_and_what_was_done_is_told() {
    let world = large_world(2 * LARGE_BYTES).await;
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    player.link.set_capacity(0);
    for (id, method) in [(0, "GET"), (1, "GET"), (2, "POST"), (3, "GET")] {
        player.send(100, &json!({"id": id, "method": method, "path": "/users/@me"}));
    }
    world.metric_becomes("throng_refusals_total{limit=\"answer_bytes\"}", |count| count == 2).await;
    player.link.set_capacity(1);
    for (id, status) in [(0, 200), (1, 503), (2, 200), (3, 503)] {
        let answer = player.control().await;
        assert_eq!((&answer["d"]["id"], &answer["d"]["status"]), (&json!(id), &json!(status)));
        let is_told_when = answer["d"]["retry_after"].as_f64().is_some_and(|secs| secs > 0.0);
        assert_eq!(is_told_when, status == 503);
    }
}

#[tokio::test]
async fn who_asks_on_without_reading_loses_nothing() {
    let world = large_world(LARGE_BYTES).await;
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    player.link.set_capacity(0);
    for id in 0..1_000 {
        player.send(100, &ask(id));
    }
    world
        .metric_becomes("throng_refusals_total{limit=\"requests_per_link\"}", |count| count > 0)
        .await;
    player.link.set_capacity(1);
    let mut answered = vec![false; 1_000];
    for _ in 0..1_000 {
        let id = player.control().await["d"]["id"].as_u64().expect("an answer");
        let id = usize::try_from(id).expect("small");
        assert!(!std::mem::replace(&mut answered[id], true), "request {id} is answered twice");
    }
}

#[tokio::test]
async fn a_link_that_never_reads_its_answer_is_closed_and_may_resume() {
    let mut setup = Setup::default();
    setup.config.limits.answer_secs = 1;
    let world = setup.start().await;
    world.node.answer_requests(Arc::new(Large));
    let [owner] = world.users().await;
    world.guild(&[&owner]).await;
    let mut player = world.join(&owner).await;
    player.link.set_capacity(0);
    player.send(100, &ask(0));
    assert_eq!(player.closed().await, Some(4000));
    let (session, account, sequence) = player.lose();
    let mut player = world.resume(&session, &account, sequence).await;
    player.expect("RESUMED").await;
}
