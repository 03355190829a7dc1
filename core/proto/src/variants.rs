//! Every variant of an enumeration, in an array that its derive keeps whole and in order.

use strum::VariantArray;

/// Returns every variant, in the order of the declaration.
///
/// # Panics
///
/// There are not `N`; in a constant the compiler says so.
#[must_use]
pub const fn every<T: VariantArray + Copy, const N: usize>() -> [T; N] {
    assert!(T::VARIANTS.len() == N, "N is how many variants there are");
    match T::VARIANTS.first_chunk() {
        Some(all) => *all,
        None => unreachable!(),
    }
}
