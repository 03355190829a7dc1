//! Becoming a link, or not.

use std::io;
use std::time::Duration;

use throng_ports::link::{Greeting, Incoming, Listener as _};
use throng_transport_websocket::{Asked, Config, WebSocketListener};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::client::{UPGRADE, call, listen, read_all, read_head};

/// Sends a whole request and returns the whole answer of a listener without a fallback.
async fn ask(request: &str) -> String {
    let (incoming, mut stream) = call(Config::default()).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let (arrival, answer) = tokio::join!(async { incoming.greet().await.link() }, async {
        let answer = read_all(&mut stream).await;
        drop(stream);
        answer
    });
    assert!(arrival.is_none());
    String::from_utf8(answer).unwrap()
}

async fn upgrades(request: &str) -> Option<String> {
    let (incoming, mut stream) = call(Config::default()).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let arrival = incoming.greet().await.link()?;
    let answer = read_head(&mut stream).await;
    assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
    assert!(!answer.contains("Extensions"), "permessage-deflate is declined");
    Some(arrival.query().to_owned())
}

#[tokio::test]
async fn every_spelling_of_the_gateway_path_upgrades() {
    for target in ["/?v=10", "//?v=10", "?v=10", "/gateway?v=10"] {
        let request = UPGRADE.replace("/?v=10", target);
        assert_eq!(upgrades(&request).await.as_deref(), Some("v=10"), "{target}");
    }
    for target in ["/", "//", "/gateway", "?"] {
        let request = UPGRADE.replace("/?v=10", target);
        assert_eq!(upgrades(&request).await.as_deref(), Some(""), "{target}");
    }
    let shouted = UPGRADE.replace("Upgrade: websocket", "UPGRADE: WebSocket");
    assert!(upgrades(&shouted).await.is_some());
}

#[tokio::test]
async fn a_request_may_arrive_byte_by_byte() {
    let (incoming, mut stream) = call(Config::default()).await;
    stream.set_nodelay(true).unwrap();
    let (arrival, ()) = tokio::join!(async { incoming.greet().await.link() }, async {
        for byte in UPGRADE.as_bytes() {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(arrival.unwrap().query(), "v=10");
}

#[tokio::test]
async fn bad_upgrades_are_told_what_is_wrong() {
    let cases = [
        ("GET", "POST", "400", "GET"),
        ("HTTP/1.1", "HTTP/1.0", "400", "HTTP/1.1"),
        ("keep-alive, Upgrade", "keep-alive", "400", "Connection"),
        ("Version: 13", "Version: 8", "426", "Version"),
        ("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: dGhl", "400", "Key"),
        ("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: %%%", "400", "Key"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400", "Key"),
        ("Host: localhost", "Ho st", "400", "malformed"),
    ];
    for (good, bad, status, reason) in cases {
        let answer = ask(&UPGRADE.replacen(good, bad, 1)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{bad}: {answer}");
        assert!(answer.contains("Content-Type: application/json\r\n"), "{answer}");
        assert!(answer.contains(reason), "{bad}: {answer}");
        assert_eq!(answer.contains("Sec-WebSocket-Version: 13"), status == "426");
    }
}

#[tokio::test]
async fn an_endless_request_head_is_refused() {
    let mut request = UPGRADE.trim_end().to_owned();
    request.push_str("\r\nCookie: ");
    request.push_str(&"x".repeat(20_000));
    let answer = ask(&request).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn without_a_fallback_http_is_not_found() {
    for request in [
        "GET /api/v10/gateway HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let answer = ask(request).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
}

#[tokio::test]
async fn http_is_handed_over_with_the_bytes_read() {
    let (tx, mut rx) = mpsc::channel(1);
    let config = Config { fallback: Some(tx), ..Config::default() };
    let (incoming, mut stream) = call(config).await;
    let request = "POST /api/v10/x HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(incoming.greet().await.link().is_none());
    let mut handed = rx.recv().await.unwrap();
    assert_eq!(handed.read, request.as_bytes());
    assert_eq!(handed.peer, stream.local_addr().unwrap());
    stream.write_all(b"def").await.unwrap();
    let mut rest = [0; 3];
    handed.stream.read_exact(&mut rest).await.unwrap();
    assert_eq!(&rest, b"def");
}

#[tokio::test]
async fn a_full_fallback_is_unavailable_for_now() {
    let (tx, _rx) = mpsc::channel(1);
    let config = Config { fallback: Some(tx), ..Config::default() };
    let (mut listener, address) = listen(config);
    let mut waiting = Vec::new();
    for number in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /x HTTP/1.1\r\n\r\n").await.unwrap();
        let caller = listener.next().await.unwrap();
        if number == 0 {
            assert!(caller.greeted().await.is_err());
            waiting.push(stream);
            continue;
        }
        let (_, answer) = tokio::join!(caller.greeted(), async {
            let answer = read_all(&mut stream).await;
            drop(stream);
            answer
        });
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("Retry-After: 1\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_refused_client_reads_why_and_when_to_come_back() {
    let (incoming, mut stream) = call(Config::default()).await;
    // More than a refusal cares to read at once, so that a reset would show.
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    stream.write_all(&[0; 10_000]).await.unwrap();
    let (answer, ()) = tokio::join!(
        async {
            let answer = read_all(&mut stream).await;
            drop(stream);
            String::from_utf8(answer).unwrap()
        },
        incoming.refuse("too many connections", 5)
    );
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.contains("\r\nRetry-After: 5\r\n"), "{answer}");
    assert!(answer.contains("\r\nContent-Type: application/json\r\n"), "{answer}");
    let body = r#"{"code":0,"message":"too many connections","retry_after":5.0}"#;
    assert!(answer.ends_with(body), "{answer}");
}

#[tokio::test]
async fn a_connection_that_upgraded_elsewhere_comes_back_as_a_link() {
    let (mut listener, _) = listen(Config::default());
    let reentry = listener.reentry();
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for refused in [false, true] {
        let (client, accepted) =
            tokio::join!(TcpStream::connect(elsewhere.local_addr().unwrap()), elsewhere.accept());
        let (mut client, (near, peer)) = (client.unwrap(), accepted.unwrap());
        let asked = Asked { query: "v=10".to_owned(), told: None };
        reentry.enter(near, Vec::new(), peer, asked).await;
        let back = listener.accept().await.unwrap();
        if refused {
            back.refuse("full", 1).await;
            assert_eq!(read_all(&mut client).await, b"\x88\x06\x03\xf5full");
        } else {
            assert_eq!(back.greet().await.link().unwrap().query(), "v=10");
        }
    }
}

#[tokio::test]
async fn a_client_is_told_the_host_by_which_it_came_where_nobody_knows_better() {
    for (tells_host, right) in [(false, None), (true, Some("ws://gateway.example:8080"))] {
        let (incoming, mut stream) = call(Config { tells_host, ..Config::default() }).await;
        let request = UPGRADE.replace("Host: localhost", "Host: gateway.example:8080");
        stream.write_all(request.as_bytes()).await.unwrap();
        let link = incoming.greet().await.link().unwrap().arrive().unwrap();
        assert_eq!(link.told(), right);
        assert_eq!(link.peer(), stream.local_addr().unwrap());
        let moved = link.depart().unwrap().arrive().unwrap();
        assert_eq!(moved.told(), right, "also on another thread");
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_open_upgrade_is_dropped_after_its_time() {
    let config = Config { handshake_time_max: Duration::from_secs(7), ..Config::default() };
    let (incoming, mut stream) = call(config).await;
    stream.write_all(&UPGRADE.as_bytes()[..60]).await.unwrap();
    let before = tokio::time::Instant::now();
    assert!(incoming.greet().await.link().is_none());
    assert_eq!(before.elapsed().as_secs(), 7);
    // Dropped: the end of the stream or a reset, and no answer.
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
}

#[tokio::test]
async fn what_became_of_a_connection_is_told() {
    let handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for (request, told) in [
        ("\u{1}\u{2} what\r\n\r\n".to_owned(), "malformed request"),
        (format!("GET / HTTP/1.1\r\n{handshake}\r\n"), "Sec-WebSocket-Version must be 13"),
        ("GET / HT".to_owned(), "it ended before its request"),
    ] {
        let (incoming, mut stream) = call(Config::default()).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        match incoming.greet().await {
            Greeting::Refused(why) => assert_eq!(why, told),
            other => panic!("{request:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_is_no_link() {
    let (incoming, stream) = call(Config::default()).await;
    assert_eq!(incoming.peer(), stream.local_addr().unwrap());
    drop(stream);
    assert!(Incoming::greet(incoming).await.link().is_none());
}

#[tokio::test]
async fn a_port_in_use_is_named_as_such() {
    let (_listener, address) = listen(Config::default());
    let error = WebSocketListener::bind(address, Config::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_whole_address_upgrades_like_its_path() {
    for target in [
        "http://localhost/?v=10",
        "HTTP://localhost:80?v=10",
        "ws://[::1]:8080/gateway?v=10",
        "wss://localhost//?v=10",
    ] {
        let request = UPGRADE.replace("/?v=10", target);
        assert_eq!(upgrades(&request).await.as_deref(), Some("v=10"), "{target}");
    }
    assert_eq!(upgrades(&UPGRADE.replace("/?v=10", "http://localhost")).await.as_deref(), Some(""));
    for target in ["*", "localhost:80", "http://localhost/elsewhere", "ftp://localhost/"] {
        let answer = ask(&UPGRADE.replace("/?v=10", target)).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
    }
}

#[tokio::test]
async fn the_subprotocol_of_json_is_chosen_where_it_is_offered() {
    for (offer, is_chosen) in [("json", true), ("chat, JSON , etf", true), ("etf", false)] {
        let (incoming, mut stream) = call(Config::default()).await;
        let offer = format!("Sec-WebSocket-Protocol: {offer}\r\n\r\n");
        let request = UPGRADE.replacen("\r\n\r\n", &format!("\r\n{offer}"), 1);
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(incoming.greet().await.link().is_some());
        let answer = read_head(&mut stream).await;
        assert_eq!(answer.contains("\r\nSec-WebSocket-Protocol: json\r\n"), is_chosen, "{answer}");
    }
}
