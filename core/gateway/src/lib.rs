//! The gateway binary: configuration and composition.
