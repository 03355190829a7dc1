//! The rules of the house as tests; this library reads the tree, `tests/it` holds the rules.

pub mod arrows;
pub mod crates;
pub mod imports;
pub mod tree;
pub mod words;
