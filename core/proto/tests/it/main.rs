//! The wire as its peers see it.

mod wire;
