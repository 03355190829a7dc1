//! The durable store against the contract of its seams, and against full disks, damage and crashes.

#![allow(clippy::unwrap_used, reason = "these are tests, though not every function is one")]

mod backup;
mod contract;
mod damage;
mod group;
mod journal;
mod older;
mod place;
mod rows;
mod sample;
