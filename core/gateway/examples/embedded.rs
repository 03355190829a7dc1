//! A gateway inside a program of one's own, with a transport of its own: one payload of JSON on
//! each line, over TCP. `nc 127.0.0.1 7000` is a client. Each connection is pumped into a link in
//! memory; a client that does not read holds up its pump, so that this link blocks and no other.

use std::io;
use std::net::SocketAddr;

use throng::prelude::*;
use throng::transport_memory::{Client, pair};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Bytes of a line; a longer one is broken JSON.
const LINE_MAX: u64 = 15 * 1024;

settings! {
    /// Clients that speak JSON line by line.
    struct Config {
        /// Address of them.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7000)),
    }
}

async fn open(given: Given) -> Opened<Bound> {
    let listener = TcpListener::bind(given.read::<Config>()?.listen).await?;
    let address = listener.local_addr()?.to_string();
    Ok(Bound::new(LineListener(listener), address))
}

/// Starts a gateway that keeps nothing and has the transport.
pub(crate) async fn start(settings: &str) -> Result<Gateway, throng::Error> {
    let lines = kind_with("lines", Config::section(), open);
    let builder = Gateway::builder().transport(lines).set("store.kind", "memory");
    builder.settings(settings).start().await
}

struct LineListener(TcpListener);

impl Listener for LineListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Incoming>>> {
        Box::pin(async move { Ok(Box::new(Caller(self.0.accept().await?)) as Box<dyn Incoming>) })
    }
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

struct Caller((TcpStream, SocketAddr));

impl Incoming for Caller {
    fn peer(&self) -> SocketAddr {
        self.0.1
    }
    fn greet(self: Box<Self>) -> BoxFuture<'static, Greeting> {
        let (arrival, client) = pair(64, "v=10&encoding=json");
        tokio::spawn(pump(self.0.0, client));
        Box::pin(std::future::ready(Greeting::Link(Box::new(arrival))))
    }
    fn refuse(self: Box<Self>, _: &'static str, _: u32) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

async fn pump(stream: TcpStream, link: Client) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).take(LINE_MAX).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                Some(line) => {
                    link.send(line);
                    lines.get_mut().set_limit(LINE_MAX);
                }
                None => return Ok(()),
            },
            payload = link.recv() => match payload {
                Some(payload) => writer.write_all(&[&*payload, b"\n"].concat()).await?,
                None => return Ok(()),
            },
        }
    }
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "it says where it is")]
async fn main() -> ExitCode {
    match start("").await {
        Ok(gateway) => {
            println!("clients come to {:?}, until the input ends", gateway.address("lines"));
            _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
            gateway.stop().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
