//! nats-server with WebSocket, from Debian.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::IN_FLIGHT;
use crate::affinity::Cores;
use crate::floor::{Around, SAMPLE};
use crate::order::Dialect;
use crate::process::{Process, free_port, until_open};
use crate::publish::{Post, Publisher};
use crate::system::{Offer, System};

/// Where Debian puts it.
const PROGRAM: &str = "/usr/sbin/nats-server";
const CONFIG: &str = include_str!("../../peers/nats.conf");

/// Starts it.
pub(super) fn open(readers: usize, cores: Cores) -> Result<System> {
    ensure!(Path::new(PROGRAM).exists(), "nats-server is not installed");
    let folder = tempfile::tempdir()?;
    let (port, clients) = (free_port()?, free_port()?);
    let config = CONFIG
        .replace("CLIENTS", &clients.port().to_string())
        .replace("PORT", &port.port().to_string());
    let file = folder.path().join("nats.conf");
    std::fs::write(&file, config)?;
    let mut command = Command::new(PROGRAM);
    command.arg("-c").arg(&file).stdin(Stdio::null()).stderr(Stdio::null());
    let process = cores.on_server(|| Process::spawn(&mut command))?.with_folder(folder);
    until_open(port)?;
    until_open(clients)?;
    let offer =
        Offer { dialect: Dialect::Nats, path: "/", readers, publishers: IN_FLIGHT, sample: SAMPLE };
    let publisher = |_| Ok(Box::new(NatsPublisher::connect(clients)?) as _);
    let publishers: Result<Vec<Box<dyn Publisher>>> = (0..IN_FLIGHT).map(publisher).collect();
    System::other(process, &offer.roll(port), publishers?)
}

/// Publishes over the protocol of NATS; the answer to a PING acknowledges what came before it.
#[derive(Debug)]
struct NatsPublisher {
    stream: BufReader<TcpStream>,
    around: Around,
}

impl NatsPublisher {
    fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).context("nats-server is not there")?;
        stream.set_nodelay(true)?;
        let mut publisher = Self { stream: BufReader::new(stream), around: Around::of(SAMPLE)? };
        publisher.ask("CONNECT {\"verbose\":false}\r\n")?;
        Ok(publisher)
    }

    /// Says something, and waits until it was taken.
    fn ask(&mut self, what: &str) -> Result<()> {
        self.stream.get_mut().write_all(format!("{what}PING\r\n").as_bytes())?;
        let mut line = String::new();
        while !line.starts_with("PONG") {
            line.clear();
            ensure!(self.stream.read_line(&mut line)? > 0, "nats-server has ended");
            ensure!(!line.starts_with("-ERR"), "nats-server says {line}");
        }
        Ok(())
    }
}

impl Publisher for NatsPublisher {
    fn publish(&mut self, post: &Post) -> Result<()> {
        let payload = self.around.payload(post);
        self.ask(&format!("PUB load {}\r\n{payload}\r\n", payload.len()))
    }
}
