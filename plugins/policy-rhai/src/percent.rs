//! A number from 0 to 99 that is the same for the same value everywhere and always.
//!
//! SipHash-1-3 with a key of zeros: its result is specified, so that a rollout to 10 % reaches
//! the same users on every node, with every build.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

/// Hashes a salt.
#[must_use]
pub fn salt(text: &str) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish().cast_signed()
}

/// Returns the percentile of a number under a salt's hash.
#[must_use]
pub fn of_number(value: i64, salt: i64) -> i64 {
    of_bytes(&value.to_le_bytes(), salt)
}

/// Returns the percentile of bytes under a salt's hash.
#[must_use]
pub fn of_bytes(value: &[u8], salt: i64) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write(&salt.to_le_bytes());
    hasher.write(value);
    (hasher.finish() % 100).cast_signed()
}
