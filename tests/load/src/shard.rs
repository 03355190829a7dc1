//! A process that holds sessions: one thread, one epoll, one buffer, and no JSON once they are in.
//!
//! Reading must cost much less than writing costs the server, or the readers would be what is
//! measured.

mod chair;
pub(crate) mod frame;
mod hall;
mod ledger;
mod orders;
mod quic;
pub(crate) mod talk;
mod tally;
mod unpack;

use anyhow::{Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

pub(crate) use tally::{Ends, Tally, Times};

use crate::order::{Dialect, News, Roll};
use hall::Hall;
use orders::{Orders, tell};

/// Files that a process needs beside its sockets.
pub(crate) const FILES_SPARE: usize = 100;

/// Holds the sessions that the first line of input names, until there are no more orders.
pub(crate) fn main() -> Result<()> {
    let mut orders = Orders::default();
    let roll: Roll = orders.wait()?;
    raise_files(roll.seats.len())?;
    let ended = match roll.dialect {
        Dialect::GatewayQuic => quic::run(roll, orders),
        _ => Hall::new(roll, orders)?.run(),
    };
    if let Err(error) = &ended {
        tell(&News::Fault(format!("{error:#}")))?;
    }
    ended
}

/// Lets this process open as many files as it needs.
pub(crate) fn raise_files(sockets: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let needed = (sockets + FILES_SPARE) as u64;
    if limit.current.is_some_and(|current| current < needed) {
        if limit.maximum.is_some_and(|maximum| maximum < needed) {
            bail!("{sockets} sockets in one process need {needed} files; raise `ulimit -Hn`");
        }
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    }
    Ok(())
}
