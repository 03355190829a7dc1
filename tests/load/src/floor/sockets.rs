//! The floor of WebSocket: one `write(2)` to each socket, and nothing else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use anyhow::{Result, ensure};

use super::{TAKEN, listener};
use crate::shard::frame::server_frame;
use crate::shard::raise_files;

/// Answer to a request to speak WebSocket; who asks does not check more of it.
const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

/// Takes so many readers, then sends them whatever a publisher says, line by line.
pub(crate) fn serve(readers: usize) -> Result<()> {
    raise_files(readers)?;
    let (audience, publishers) = (listener()?, listener()?);
    println!("{} {}", audience.local_addr()?, publishers.local_addr()?);
    let sockets = (0..readers).map(|_| welcome(&audience));
    let mut sockets = sockets.collect::<Result<Vec<_>>>()?;
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

/// Takes one reader, whose request comes in one piece.
fn welcome(listener: &TcpListener) -> Result<TcpStream> {
    let (mut socket, _) = listener.accept()?;
    socket.set_nodelay(true)?;
    let mut request = [0; 1_024];
    ensure!(socket.read(&mut request)? > 0, "a reader that asks for nothing");
    socket.write_all(UPGRADED)?;
    Ok(socket)
}
