//! Tests of both APIs over a hub that only remembers what it was asked.

#![allow(clippy::unwrap_used, reason = "these are tests, though not every function is one")]

mod admin;
mod catalog;
mod commands;
mod document;
mod doors;
mod forms;
mod hub;
mod import;
mod jobs;
mod joining;
mod limits;
mod messages;
mod public;
mod registry;
mod request;
mod traffic;
mod tunnel;
