//! The listening socket, and connections that have not become links yet.

use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use throng_ports::link::{BoxFuture, Greeting, Incoming, Link as _, Listener};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::timeout;

use crate::answer;
use crate::config::{Config, HttpConnection};
use crate::handshake::{self, Ask};
use crate::link::Passage;
use crate::{proxy, told};

/// Pause after a failed accept: files that ran out do not come back within microseconds.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// First size of the buffer for a request head; client libraries send 200 to 400 bytes.
const HEAD_BYTES: usize = 1_024;
/// Close code of a refusal after the upgrade.
const TRY_AGAIN_LATER: u16 = 1013;
/// Connections on their way back from HTTP; senders wait for room.
const RETURNED_MAX: usize = 64;

/// A listening TCP socket that makes WebSocket links.
#[derive(Debug)]
pub struct WebSocketListener {
    socket: TcpListener,
    config: Arc<Config>,
    returned: mpsc::Receiver<Caller>,
    reentry: mpsc::Sender<Caller>,
}

/// A way back for connections that were handed over as HTTP: clients reuse a connection on which
/// they called the HTTP API, and ask for the upgrade there.
#[derive(Clone, Debug)]
pub struct Reentry {
    config: Arc<Config>,
    callers: mpsc::Sender<Caller>,
}

impl Reentry {
    /// Returns the client of a request, whose head this is, behind proxies that are trusted.
    #[must_use]
    pub fn client(&self, peer: SocketAddr, head: &[u8]) -> SocketAddr {
        proxy::client(peer, head, &self.config.trusted_proxies)
    }

    /// Returns the address of ours that the sender of a request, whose head this is, is told, where
    /// that is not what the settings say.
    #[must_use]
    pub fn told(&self, peer: SocketAddr, head: &[u8]) -> Option<String> {
        told::url(peer, head, &self.config)
    }

    /// Takes a connection whose upgrade was answered already; `read` came behind the request.
    pub async fn enter(&self, stream: TcpStream, read: Vec<u8>, peer: SocketAddr, asked: Asked) {
        let config = Arc::clone(&self.config);
        let caller = Caller { stream, peer, config, upgraded: Some((asked, read)) };
        // A listener that is gone takes no more links; the connection closes.
        let _gone = self.callers.send(caller).await;
    }
}

/// What an upgrade that was answered has asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Query of the address, without `?`.
    pub query: String,
    /// Address of ours that the client is told; see [`Reentry::told`].
    pub told: Option<String>,
}

impl WebSocketListener {
    /// Listens on an address, in the runtime of the calling task.
    ///
    /// # Errors
    ///
    /// The address cannot be bound; [`io::ErrorKind::AddrInUse`] is kept as such.
    pub fn bind(address: SocketAddr, config: Config) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        // Connections inherit these, without a call for each.
        socket.set_send_buffer_size(config.send_buffer_bytes)?;
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&socket).set_tcp_notsent_lowat(config.unsent_bytes)?;
        socket.bind(address)?;
        let socket = socket.listen(config.backlog)?;
        let (reentry, returned) = mpsc::channel(RETURNED_MAX);
        Ok(Self { socket, config: Arc::new(config), returned, reentry })
    }

    /// Returns a way back for connections that were handed over as HTTP.
    #[must_use]
    pub fn reentry(&self) -> Reentry {
        Reentry { config: Arc::clone(&self.config), callers: self.reentry.clone() }
    }

    /// Waits for the next connection, as what it is.
    ///
    /// # Errors
    ///
    /// One `accept` failed; the next may succeed.
    pub async fn next(&mut self) -> io::Result<Caller> {
        let accepted = tokio::select! {
            accepted = self.socket.accept() => accepted,
            Some(caller) = self.returned.recv() => return Ok(caller),
        };
        match accepted {
            Ok((stream, peer)) => {
                // Frames are written whole, so waiting for more to send only adds delay. A socket
                // that refuses the option is still a socket.
                let _refused = stream.set_nodelay(true);
                Ok(Caller { stream, peer, config: Arc::clone(&self.config), upgraded: None })
            }
            Err(error) => {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                Err(error)
            }
        }
    }
}

impl Listener for WebSocketListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Incoming>>> {
        Box::pin(async move { Ok(Box::new(self.next().await?) as Box<dyn Incoming>) })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// A connection that has said nothing yet.
#[derive(Debug)]
pub struct Caller {
    stream: TcpStream,
    peer: SocketAddr,
    config: Arc<Config>,
    /// What was asked for and the first bytes, when the upgrade was answered elsewhere.
    upgraded: Option<(Asked, Vec<u8>)>,
}

impl Caller {
    /// Reads the request and answers it; the link when it became one.
    ///
    /// # Errors
    ///
    /// What became of it else.
    pub async fn greeted(mut self) -> Result<Passage, Greeting> {
        if let Some((asked, read)) = self.upgraded.take() {
            return self.into_passage(asked, read);
        }
        let time = self.config.handshake_time_max;
        // A client that never ends its request gets no answer: it has not asked for anything.
        let asked = timeout(time, self.asked()).await;
        let asked = asked.map_err(|_| refused("it takes too long"))?;
        let (mut caller, mut head, asked) =
            asked.map_err(|error| Greeting::Refused(error.to_string().into()))?;
        match asked {
            Ask::More => Err(refused("it ended before its request")),
            Ask::Upgrade { accept, query, protocol, head_bytes } => {
                let answered = answer::upgraded(&mut caller.stream, &accept, protocol).await;
                answered.map_err(|_| refused("it ended before its answer"))?;
                let told = told::url(caller.peer, &head, &caller.config);
                caller.peer = proxy::client(caller.peer, &head, &caller.config.trusted_proxies);
                head.drain(..head_bytes);
                caller.into_passage(Asked { query, told }, head)
            }
            Ask::Http => {
                caller.hand_over(head).await;
                Err(Greeting::Served)
            }
            Ask::Bad(fault) => {
                answer::fault(caller.stream, fault).await;
                Err(Greeting::Refused(fault.to_string().into()))
            }
        }
    }

    /// Reads up to what the client asks for.
    async fn asked(mut self) -> io::Result<(Self, Vec<u8>, Ask)> {
        if self.config.has_header(self.peer) {
            self.peer = proxy::header(&mut self.stream).await?.unwrap_or(self.peer);
        }
        if let Some(tls) = &self.config.tls {
            self.stream = tls.accept(self.stream).await?;
        }
        let mut head = Vec::with_capacity(HEAD_BYTES);
        let asked = ask(&mut self.stream, &mut head, &self.config).await?;
        Ok((self, head, asked))
    }

    fn into_passage(self, asked: Asked, read: Vec<u8>) -> Result<Passage, Greeting> {
        let stream = self.stream.into_std();
        let stream = stream.map_err(|_| refused("its socket cannot be moved"))?;
        let Asked { query, told } = asked;
        let passage = Passage::new(stream, self.peer, self.config.message_bytes_max, query, read);
        Ok(passage.telling(told))
    }

    /// Gives a connection that is not WebSocket to whoever serves HTTP.
    async fn hand_over(self, read: Vec<u8>) {
        let Some(fallback) = &self.config.fallback else {
            return answer::not_found(self.stream).await;
        };
        let connection = HttpConnection { stream: self.stream, read, peer: self.peer };
        if let Err(TrySendError::Full(back) | TrySendError::Closed(back)) =
            fallback.try_send(connection)
        {
            answer::unavailable(back.stream, "too many HTTP connections", 1).await;
        }
    }
}

impl Incoming for Caller {
    fn peer(&self) -> SocketAddr {
        self.peer
    }

    fn greet(self: Box<Self>) -> BoxFuture<'static, Greeting> {
        Box::pin(async move {
            match self.greeted().await {
                Ok(passage) => Greeting::Link(Box::new(passage)),
                Err(otherwise) => otherwise,
            }
        })
    }

    fn refuse(self: Box<Self>, reason: &'static str, retry_after: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if self.upgraded.is_none() && self.config.tls.is_some() {
                // Nothing can be said before a handshake that takes more than it is worth.
            } else if self.upgraded.is_none() {
                answer::unavailable(self.stream, reason, retry_after).await;
            } else if let Ok(Ok(link)) = self.greeted().await.map(Passage::into_link) {
                // HTTP is over on this connection, so the reason travels in a close frame.
                link.close(TRY_AGAIN_LATER, reason);
            }
        })
    }
}

/// Says that a connection became nothing, and why.
const fn refused(why: &'static str) -> Greeting {
    Greeting::Refused(Cow::Borrowed(why))
}

/// Reads until the head says what it asks for; [`Ask::More`] when the client hung up before.
async fn ask(stream: &mut TcpStream, head: &mut Vec<u8>, config: &Config) -> io::Result<Ask> {
    loop {
        let mut room = stream.take((handshake::HEAD_BYTES_MAX - head.len()) as u64);
        if room.read_buf(head).await? == 0 {
            return Ok(Ask::More);
        }
        match handshake::read(head, config.paths) {
            Ask::More => {}
            answer => return Ok(answer),
        }
    }
}
