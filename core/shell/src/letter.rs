//! Letters: what tasks and threads of a node tell each other. They know nobody; everybody knows
//! them.

mod guild;
mod inquiry;
mod moving;
mod parcel;
mod worker;

pub(crate) use guild::{GuildLetter, HandOff, Part, Surrender};
pub(crate) use inquiry::{Inquiry, Turned};
pub(crate) use moving::{Claim, Moving};
pub(crate) use parcel::Parcel;
pub(crate) use worker::{Room, WorkerLetter};
