#![doc = include_str!("../README.md")]

mod claims;
mod config;
mod issuer;

pub use config::{Config, Jwt};
pub use issuer::{Issuer, KeyError};
