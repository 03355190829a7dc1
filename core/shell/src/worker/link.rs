//! Links: reading payloads, and writing again when a blocked link takes more.

mod bell;
mod cell;
mod drain;
mod hear;
mod links;
mod poll;
mod serve;
mod tell;
mod wait;

pub(super) use bell::Bells;
pub(super) use cell::{LinkCell, LinkKey, LinkRef};
pub(super) use drain::drain;
pub(super) use serve::{attend, greet};
pub(super) use tell::{tell_begin, tell_close, tell_invalid, tell_slow};
pub(super) use wait::busy;
