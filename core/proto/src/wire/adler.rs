//! Adler-32, the check of a complete zlib stream, in a form that joins shared parts.

/// Modulus of the two sums.
const MODULUS: u32 = 65_521;
/// Longest run for which 32 bits cannot overflow before the modulus.
const RUN_MAX: usize = 5_552;

/// Adler-32 of some bytes, with their count, so that the sums of parts give the sum of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Adler {
    low: u32,
    high: u32,
    count: usize,
}

impl Adler {
    /// Sums `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let (mut low, mut high) = (1, 0);
        for run in bytes.chunks(RUN_MAX) {
            for byte in run {
                low += u32::from(*byte);
                high += low;
            }
            low %= MODULUS;
            high %= MODULUS;
        }
        Self { low, high, count: bytes.len() }
    }

    /// Sums these bytes followed by those of `next`, without reading either again.
    pub(super) fn then(self, next: Self) -> Self {
        // Each byte of `next` adds our low sum, less the 1 that all sums begin with, to `high`.
        let carried = (u64::from(self.low) + u64::from(MODULUS) - 1) % u64::from(MODULUS);
        let carried = carried * (next.count as u64 % u64::from(MODULUS)) % u64::from(MODULUS);
        let low = (self.low + next.low + MODULUS - 1) % MODULUS;
        let high = (u64::from(self.high) + u64::from(next.high) + carried) % u64::from(MODULUS);
        Self { low, high: high as u32, count: self.count + next.count }
    }

    /// Returns the four bytes that end a zlib stream.
    pub(super) fn to_be_bytes(self) -> [u8; 4] {
        ((self.high << 16) | self.low).to_be_bytes()
    }
}
