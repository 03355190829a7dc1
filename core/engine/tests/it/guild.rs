//! The guild's machine: permissions, payloads, and the order of commits.

mod hall;
mod handoff;
mod history;
mod invites;
mod mentions;
mod messages;
mod order;
mod overwrites;
mod payloads;
mod reactions;
mod structure;
