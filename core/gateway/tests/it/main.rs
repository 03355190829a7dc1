//! Gateways inside a program, with adapters of its own.

mod embedded;
mod house;
mod layer;
mod plugins;
mod sessions;
