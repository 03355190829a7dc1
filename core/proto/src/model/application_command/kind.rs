//! Kinds of options that have rules of their own, by their numbers.

/// Options of a command or of an option, and choices of an option.
pub(super) const OPTIONS_MAX: usize = 25;
/// Kinds with options of their own: a subcommand, and a group of those.
pub(super) const SUBCOMMAND: u8 = 1;
pub(super) const GROUP: u8 = 2;
pub(super) const STRING: u8 = 3;
pub(super) const INTEGER: u8 = 4;
pub(super) const CHANNEL: u8 = 7;
pub(super) const NUMBER: u8 = 10;
