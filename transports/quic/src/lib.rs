#![doc = include_str!("../README.md")]

mod caller;
pub mod certificate;
pub mod config;
mod link;
pub mod listener;

pub use certificate::{CertificateError, Certificates, Fingerprint};
pub use config::{CertificateFiles, Config};
pub use listener::{BindError, QuicListener};
