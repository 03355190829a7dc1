//! Tests of the harness, not of speed.
