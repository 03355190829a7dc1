//! The examples as processes, without a terminal.
