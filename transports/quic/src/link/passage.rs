//! A link between two threads.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use quinn::{Connection, SendStream};
use throng_ports::link::{Arrival, Link};

use super::{Inbound, Line, Outbound, Phase, QuicLink, State};
use crate::config::Config;

/// An open QUIC connection that no thread owns.
pub(crate) struct Passage {
    state: State,
    query: String,
}

impl Passage {
    /// Wraps a connection whose control stream is open.
    pub(crate) fn new(
        connection: Connection,
        control: SendStream,
        inbound: Inbound,
        config: &Config,
    ) -> Self {
        let outbound = Outbound::new(control, config);
        let line = Line { connection, said: None };
        Self::from(State { line, inbound, outbound, phase: Phase::Open })
    }

    /// Adds what the client asked for.
    pub(crate) fn asking(self, query: String) -> Self {
        Self { query, ..self }
    }
}

impl From<State> for Passage {
    fn from(state: State) -> Self {
        Self { state, query: String::new() }
    }
}

impl Arrival for Passage {
    /// Empty after a [`Link::depart`]: whoever asked for it the first time has read it.
    fn query(&self) -> &str {
        &self.query
    }

    fn peer(&self) -> SocketAddr {
        self.state.line.connection.remote_address()
    }

    /// Never fails: quinn goes on in the runtime that accepted the connection.
    fn arrive(self: Box<Self>) -> io::Result<Rc<dyn Link>> {
        let peer = self.state.line.connection.remote_address();
        Ok(Rc::new(QuicLink { state: RefCell::new(Some(self.state)), peer }))
    }
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.state.line.connection.remote_address();
        f.debug_struct("Passage").field("peer", &peer).finish_non_exhaustive()
    }
}
