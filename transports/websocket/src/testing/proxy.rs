//! What proxies say of clients.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use throng_ports::link::Network;

use crate::proxy;

/// Where the proxy is, which is trusted.
const PROXY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);
/// What is trusted beside it.
const TRUSTED: [&str; 2] = ["127.0.0.0/8", "::1/128"];
/// Longest head of either version.
const HEAD_BYTES_MAX: usize = 16 + 4_096;

/// Reads what a proxy sends before everything else, or the value of an `X-Forwarded-For`, and tells
/// whether it names a client or says that there is none.
///
/// # Panics
///
/// What follows a header changes how it is read, or what stands before the client in a value does.
#[must_use]
pub fn proxy(input: &[u8]) -> bool {
    if matches!(input.first(), Some(b'P' | b'\r')) { header(input) } else { forwarded(input) }
}

fn header(input: &[u8]) -> bool {
    let Some((client, taken)) = read(input) else { return false };
    assert!(taken <= HEAD_BYTES_MAX, "{taken} bytes");
    assert_eq!(read(&input[..taken]), Some((client, taken)), "what follows a header changes it");
    assert_eq!(read(&input[..taken - 1]), None, "read before it is whole");
    true
}

/// Reads a header; returns whom it names and how many bytes it has.
fn read(input: &[u8]) -> Option<(Option<SocketAddr>, usize)> {
    let mut rest = input;
    let read = pin!(proxy::header(&mut rest)).poll(&mut Context::from_waker(Waker::noop()));
    match read {
        Poll::Ready(read) => Some((read.ok()?, input.len() - rest.len())),
        Poll::Pending => panic!("waits, though more is there"),
    }
}

fn forwarded(input: &[u8]) -> bool {
    let trusted = TRUSTED.map(|network| network.parse::<Network>());
    let trusted: Vec<_> = trusted.into_iter().filter_map(Result::ok).collect();
    let client = |before: &[u8]| {
        let head = [b"GET / HTTP/1.1\r\nX-Forwarded-For: ", before, input, b"\r\n\r\n"].concat();
        proxy::client(PROXY, &head, &trusted)
    };
    let named = client(b"");
    if trusted.iter().any(|network| network.contains(named.ip())) {
        return false;
    }
    assert_eq!(client(b"192.0.2.7, "), named, "made up by what stands before it");
    true
}
