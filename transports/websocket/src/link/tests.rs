//! A socket that is full to the last byte.

use std::future::poll_fn;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use futures_util::future::poll_immediate;
use throng_ports::link::Lane;
use throng_proto::wire::Body;

use super::*;

/// Flushes that may end at once: one for what the reactor has heard before.
const EARLY_MAX: usize = 2;

/// Writes until there is room for nothing, and returns how much that took.
fn fill(mut stream: &TcpStream) -> usize {
    let mut filled = 0;
    for length in [64 * 1_024, 1] {
        let piece = vec![0; length];
        loop {
            match stream.write(&piece) {
                Ok(written) => filled += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    filled
}

#[tokio::test]
async fn a_full_socket_is_flushed_when_its_peer_has_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, address) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let filled = fill(&stream);
    let passage = Passage::new(stream, address, 1_024, String::new(), Vec::new());
    let link = passage.into_link().unwrap();

    let body = Body::dispatch("TEST", "{}");
    let dispatch = Dispatch { sequence: 1, lane: Lane::Session, body: &body };
    let mut early = 0;
    loop {
        assert_eq!(link.send(&[dispatch]).ok(), Some(0), "a full socket takes nothing");
        assert!(link.is_blocked());
        if poll_immediate(poll_fn(|cx| link.poll_flush(cx))).await.is_none() {
            break;
        }
        early += 1;
        assert!(early <= EARLY_MAX, "a full socket says over and over that it takes more");
    }

    let reading = thread::spawn(move || peer.read_exact(&mut vec![0; filled]).map(|()| peer));
    poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
    assert_eq!(link.send(&[dispatch]).ok(), Some(1), "a flushed link takes more");
    reading.join().unwrap().unwrap();
}
