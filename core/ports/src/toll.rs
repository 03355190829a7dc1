//! What requests of users are counted as.

/// What a request costs whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toll {
    /// Bytes that were read: answers to requests that change nothing.
    Read,
    /// Bytes that were written: requests that change something, of which others are told.
    Written,
}
