//! The floor: a program that sends the same bytes to everybody and does nothing else.

mod sockets;
mod streams;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use anyhow::{Context as _, Result, ensure};

use crate::publish::{Post, Publisher};

pub(crate) use sockets::serve as serve_sockets;
pub(crate) use streams::serve as serve_streams;

/// Answer to a publisher.
const TAKEN: &[u8] = b"taken\n";

/// Shape of what is sent when there is no gateway to take one from: a message as it has it.
pub(crate) const SAMPLE: &str = include_str!("../message.json").trim_ascii_end();

/// What stands before and after the content of a payload.
#[derive(Clone, Debug)]
pub(crate) struct Around(String, String);

impl Around {
    /// Cuts a payload with a mark in its content.
    pub(crate) fn of(sample: &str) -> Result<Self> {
        let start = sample.find('~').context("a sample without a mark")?;
        let end = start + sample[start..].find('"').context("a content without an end")?;
        Ok(Self(sample[..start].to_owned(), sample[end..].to_owned()))
    }

    /// Returns a payload of the same shape.
    pub(crate) fn payload(&self, post: &Post) -> String {
        [&self.0, post.content.as_str(), &self.1].concat()
    }
}

/// Has payloads sent to everybody, all of the shape of one that a gateway sent.
#[derive(Debug)]
pub(crate) struct LinePublisher {
    stream: BufReader<TcpStream>,
    around: Around,
}

impl LinePublisher {
    /// Connects to where lines are taken; `sample` is a payload with a mark.
    pub(crate) fn connect(address: SocketAddr, sample: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).context("nobody takes what is published")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), around: Around::of(sample)? })
    }
}

impl Publisher for LinePublisher {
    fn publish(&mut self, post: &Post) -> Result<()> {
        let line = self.around.payload(post) + "\n";
        self.stream.get_mut().write_all(line.as_bytes())?;
        let mut answer = String::new();
        ensure!(self.stream.read_line(&mut answer)? > 0, "the server has ended");
        Ok(())
    }
}

/// Listens on a free port, with room for everybody who comes at once.
fn listener() -> Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    socket.listen(4_096)?;
    Ok(socket.into())
}
