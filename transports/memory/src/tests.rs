//! The suite of links, and what only this transport promises.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;

use throng_ports::link::conformance::{self, Bench, Peer, twin};
use throng_ports::link::{Arrival, Dispatch, Lane, Link, LinkBytes, Listener as _, Received};
use throng_proto::wire::Body;

use crate::channel::State;
use crate::{Client, DialError, listen, pair, sink};

struct Memory;

impl Bench for Memory {
    type Peer = Client;

    async fn open(&self) -> (Box<dyn Arrival>, Client) {
        let (arrival, client) = pair(8, "v=10");
        (Box::new(arrival), client)
    }
}

impl Peer for Client {
    async fn send(&mut self, payload: &str) {
        Self::send(self, payload);
    }

    async fn receive(&mut self) -> Result<String, Option<u16>> {
        match self.recv().await {
            Some(bytes) => Ok(String::from_utf8(bytes).unwrap()),
            None => Err(self.close_code()),
        }
    }

    async fn close(&mut self, code: u16) {
        Self::close(self, Some(code));
    }
}

fn arrive(arrival: impl Arrival + 'static) -> Rc<dyn Link> {
    Box::new(arrival).arrive().unwrap()
}

async fn receive(link: &dyn Link) -> Received {
    poll_fn(|cx| link.poll_receive(cx)).await
}

#[tokio::test]
async fn memory_links_pass_the_suite_of_links() {
    conformance::all(&Memory).await;
}

#[tokio::test]
async fn the_suite_notices_broken_links_in_memory() {
    twin::all(&Memory).await;
}

#[test]
fn a_sink_counts_and_never_blocks() {
    let (arrival, client) = sink("v=10");
    let link = arrive(arrival);
    let body = Body::dispatch("TEST", "{}");
    client.send("the link still receives");
    for sequence in 1..=1000 {
        assert_eq!(
            link.send(&[Dispatch { sequence, lane: Lane::Session, body: &body }]).unwrap(),
            1
        );
    }
    assert_eq!(client.dispatches(), 1000);
    assert_eq!(client.try_recv(), None);
    assert!(link.bytes().sent > 1000 * body.text_bytes() as u64);
}

#[tokio::test]
async fn capacity_decides_when_a_link_blocks() {
    let (arrival, client) = pair(1, "");
    let link = arrive(arrival);
    let body = Body::dispatch("TEST", "{}");
    let dispatches =
        [1, 2, 3].map(|sequence| Dispatch { sequence, lane: Lane::Session, body: &body });
    assert_eq!(link.send(&dispatches).unwrap(), 1);
    assert!(link.is_blocked());
    client.set_capacity(3);
    poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
    assert!(!link.is_blocked());
    assert_eq!(link.send(&dispatches[1..]).unwrap(), 2);
    assert_eq!(client.recv().await.unwrap(), br#"{"s":1,"op":0,"t":"TEST","d":{}}"#);
}

#[tokio::test]
async fn a_dropped_end_is_lost_to_the_other() {
    let (arrival, client) = pair(1, "");
    let link = arrive(arrival);
    drop(client);
    assert_eq!(receive(&*link).await, Received::Lost);
    assert!(link.send_control("{}").is_err());
    let (arrival, client) = pair(1, "");
    drop(arrive(arrival));
    assert_eq!((client.recv().await, client.close_code()), (None, None));
}

#[tokio::test]
async fn dialled_clients_are_accepted_in_order() {
    let (mut listener, dialer) = listen(2);
    let first = dialer.dial(4, "v=10").unwrap();
    let _second = dialer.dial_sink("v=9").unwrap();
    assert_eq!(dialer.dial(4, "").unwrap_err(), DialError);
    for query in ["v=10", "v=9"] {
        let arrival = listener.accept().await.unwrap().greet().await.link().unwrap();
        assert_eq!(arrival.query(), query);
        if query == "v=10" {
            first.send("hello");
            let link = arrival.arrive().unwrap();
            assert_eq!(receive(&*link).await, Received::Payload(b"hello".to_vec()));
            assert_eq!(link.bytes(), LinkBytes { sent: 0, received: 5 });
        }
    }
}

#[tokio::test]
async fn a_refused_client_finds_its_link_lost() {
    let (mut listener, dialer) = listen(1);
    let client = dialer.dial(1, "").unwrap();
    listener.accept().await.unwrap().refuse("full", 1).await;
    assert_eq!(client.recv().await, None);
}

#[test]
fn an_idle_link_is_small() {
    // Behind an Arc with two counts and a lock; a million of them are below 200 MB.
    assert!(size_of::<State>() <= 120, "{}", size_of::<State>());
    assert!(size_of::<crate::MemoryLink>() + size_of::<Arc<State>>() <= 32);
}
