//! The wire as its peers see it.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers fail and skip like tests")]

mod wire;
