//! Stories of a whole node with parts that live in this process: no sockets, no files.

mod world;

mod commits;
mod delivery;
mod drain;
mod journal;
mod members;
mod passive;
mod permissions;
mod relays;
mod restart;
mod resume;
mod slow;
