//! The floor: a loop that writes the same bytes to every socket, one `write(2)` each, and does
//! nothing else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use anyhow::{Context as _, Result, ensure};

use crate::publish::Publisher;
use crate::shard::frame::server_frame;
use crate::shard::raise_files;

/// Readers that wait to be taken.
const BACKLOG: i32 = 4_096;
/// Answer to a request to speak WebSocket; who asks does not check it.
const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
/// Answer to a publisher.
const TAKEN: &[u8] = b"taken\n";

/// Takes so many readers, then sends them whatever a publisher says, line by line.
pub(crate) fn serve(readers: usize) -> Result<()> {
    raise_files(readers)?;
    let (audience, publishers) = (listener()?, listener()?);
    println!("{} {}", audience.local_addr()?, publishers.local_addr()?);
    let mut sockets = Vec::with_capacity(readers);
    while sockets.len() < readers {
        sockets.push(welcome(&audience)?);
    }
    let (stream, _) = publishers.accept()?;
    stream.set_nodelay(true)?;
    let mut answers = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let frame = server_frame(line?.as_bytes());
        answers.write_all(TAKEN)?;
        for socket in &mut sockets {
            let written = socket.write(&frame)?;
            ensure!(written == frame.len(), "a reader is slow");
        }
    }
    Ok(())
}

fn listener() -> Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Takes one reader, whose request comes in one piece.
fn welcome(listener: &TcpListener) -> Result<TcpStream> {
    let (mut socket, _) = listener.accept()?;
    socket.set_nodelay(true)?;
    let mut request = [0; 1_024];
    ensure!(socket.read(&mut request)? > 0, "a reader that asks for nothing");
    socket.write_all(UPGRADED)?;
    Ok(socket)
}

/// Has payloads sent to everybody, all of the shape of one that a gateway sent.
#[derive(Debug)]
pub(crate) struct LinePublisher {
    stream: BufReader<TcpStream>,
    /// What stands before and after a content.
    around: (String, String),
}

impl LinePublisher {
    pub(crate) fn connect(address: SocketAddr, around: (String, String)) -> Result<Self> {
        let stream = TcpStream::connect(address).context("the floor is not there")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), around })
    }
}

impl Publisher for LinePublisher {
    fn publish(&mut self, content: &str) -> Result<()> {
        let (before, after) = &self.around;
        self.stream.get_mut().write_all(format!("{before}{content}{after}\n").as_bytes())?;
        let mut answer = String::new();
        ensure!(self.stream.read_line(&mut answer)? > 0, "the server has ended");
        Ok(())
    }
}
