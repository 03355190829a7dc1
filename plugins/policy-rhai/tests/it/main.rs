//! Scripts as policies, asked, limited, replaced and tested.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod tool;
