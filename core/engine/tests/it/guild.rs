//! The guild's machine: permissions, payloads, and the order of commits.

mod hall;
mod handoff;
mod history;
mod invites;
mod ledger;
mod mentions;
mod messages;
mod newcomers;
mod order;
mod overwrites;
mod payloads;
mod races;
mod reactions;
mod shelf;
mod structure;
