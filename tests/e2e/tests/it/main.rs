//! Stories about the gateway as strangers meet it, one module each.

mod bad_input;
mod crash;
mod crowd;
mod cuts;
mod drain;
mod libraries;
mod passive;
mod replay;
mod together;
