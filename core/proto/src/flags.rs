//! Sets of bits that the protocol names, each with one table of its names.
//!
//! They are `bitflags::Flags`, which can be iterated over and written by name; but unlike what the
//! macro of that crate makes, they keep bits that nobody has named, as Discord's clients do, so
//! reading a number never fails and `!` never drops one.

/// Gives a set of bits its constants, its names and its operators.
macro_rules! flags {
    ($type:ident: $bits:ty { $($(#[$doc:meta])* $name:ident = $bit:literal;)* }) => {
        impl $type {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            /// Wraps a number; bits that nobody has named are kept.
            #[must_use]
            pub const fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }

            /// Returns the number.
            #[must_use]
            pub const fn bits(self) -> $bits {
                self.0
            }

            /// Tells whether all of `other` is in this set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Tells whether any of `other` is in this set.
            #[must_use]
            pub const fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Returns what is in either set.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl bitflags::Flags for $type {
            const FLAGS: &'static [bitflags::Flag<Self>] =
                &[$(bitflags::Flag::new(stringify!($name), Self::$name),)*];
            type Bits = $bits;

            fn bits(&self) -> $bits {
                self.0
            }

            fn from_bits_retain(bits: $bits) -> Self {
                Self(bits)
            }
        }

        impl std::fmt::Debug for $type {
            /// Writes the names, and what has none as one number.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "("))?;
                bitflags::parser::to_writer(self, &mut *f)?;
                f.write_str(")")
            }
        }

        impl std::ops::BitOr for $type {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl std::ops::BitAnd for $type {
            type Output = Self;
            fn bitand(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }

        impl std::ops::Not for $type {
            type Output = Self;
            fn not(self) -> Self {
                Self(!self.0)
            }
        }
    };
}

pub(crate) use flags;
