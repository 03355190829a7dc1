#![doc = include_str!("../README.md")]

mod caller;
pub mod certificate;
pub mod config;
mod kind;
mod link;
pub mod listener;

pub use certificate::{CertificateError, Certificates, Fingerprint};
pub use config::{CertificateFiles, Config};
pub use kind::Quic;
pub use listener::{BindError, QuicListener};
