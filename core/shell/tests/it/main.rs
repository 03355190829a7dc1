//! Stories of a whole node with parts that live in this process: no sockets, no files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod world;

mod budgets;
mod catalogs;
mod commits;
mod damage;
mod delivery;
mod doors;
mod drain;
mod handoff;
mod invites;
mod jobs;
mod journal;
mod leaving;
mod lists;
mod members;
mod overload;
mod panics;
mod passive;
mod permissions;
mod policy;
mod presence;
mod relays;
mod requests;
mod restart;
mod resume;
mod slow;
mod storage;
mod versions;
