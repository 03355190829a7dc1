//! A bare WebSocket echo on the crate's own framing, to point conformance suites at.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::process::ExitCode;

use throng_ports::link::{Link as _, Listener as _};
use throng_transport_websocket::{
    Caller, Config, Event, Passage, Paths, WebSocketLink, WebSocketListener,
};
use tokio::task::LocalSet;

/// 64 MiB, because suites send messages of 16 MiB.
const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("echo: {error}");
    ExitCode::FAILURE
}

#[allow(clippy::print_stdout, reason = "whoever starts it reads the address from there")]
async fn run() -> Result<(), String> {
    let config =
        Config { paths: Paths::Any, message_bytes_max: MESSAGE_BYTES_MAX, ..Config::default() };
    let address = address()?;
    let bind = WebSocketListener::bind(address, config);
    let mut listener = bind.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    println!("listening on {}", listener.local_addr().unwrap_or(address));
    LocalSet::new().run_until(accept(&mut listener)).await;
    Ok(())
}

/// Reads `--listen ADDR`; without it any free port on loopback.
fn address() -> Result<SocketAddr, String> {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("--listen"), Some(address)) => address
            .parse()
            .map_err(|_| format!("`{address}` is no address with a port, such as 127.0.0.1:9001")),
        (None, None) => Ok(SocketAddr::from(([127, 0, 0, 1], 0))),
        _ => Err("usage: echo [--listen ADDR]".into()),
    }
}

async fn accept(listener: &mut WebSocketListener) {
    loop {
        match listener.next().await {
            Ok(caller) => drop(tokio::task::spawn_local(serve(caller))),
            Err(error) => eprintln!("accept: {error}"),
        }
    }
}

async fn serve(caller: Caller) {
    if let Ok(Ok(link)) = caller.greeted().await.map(Passage::into_link) {
        echo(&link).await;
    }
}

/// Sends back every message until the peer closes or breaks a rule.
async fn echo(link: &WebSocketLink) {
    while let Event::Message(kind, bytes) = poll_fn(|cx| link.poll_event(cx)).await {
        let sent = link.send_message(kind, &bytes);
        if sent.is_err() || poll_fn(|cx| link.poll_flush(cx)).await.is_err() {
            return;
        }
    }
}
