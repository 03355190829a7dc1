//! Real sockets and real client libraries against the real binary.
