//! Zero-sized values for keys that are the same in every object.

use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

macro_rules! constant {
    ($(#[$doc:meta])* $name:ident, |$serializer:ident| $value:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, $serializer: S) -> Result<S::Ok, S::Error> {
                $value
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                IgnoredAny::deserialize(deserializer).map(|_| Self)
            }
        }
    };
}

constant!(
    /// A key that is always null.
    Null,
    |serializer| serializer.serialize_none()
);
constant!(
    /// A key that is always false.
    False,
    |serializer| serializer.serialize_bool(false)
);
constant!(
    /// A key that is always true.
    True,
    |serializer| serializer.serialize_bool(true)
);
constant!(
    /// A key that is always an empty array.
    Empty,
    |serializer| serializer.serialize_seq(Some(0))?.end()
);

constant!(
    /// A key that is always an empty object.
    NoKeys,
    |serializer| serializer.serialize_map(Some(0))?.end()
);

/// A key that is always the number `N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Number<const N: u32>;

impl<const N: u32> Serialize for Number<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(N)
    }
}

impl<'de, const N: u32> Deserialize<'de> for Number<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

constant!(
    /// Discriminator of accounts with unique names: the string `0`.
    Discriminator,
    |serializer| serializer.serialize_str("0")
);
constant!(
    /// The voice region of guilds, which Discord no longer uses but still sends.
    Region,
    |serializer| serializer.serialize_str("deprecated")
);
constant!(
    /// The only locale so far.
    Locale,
    |serializer| serializer.serialize_str("en-US")
);
constant!(
    /// What a payload has come through: one program.
    Trace,
    |serializer| ["throng"].serialize(serializer)
);
constant!(
    /// The only kind of session there is.
    SessionType,
    |serializer| serializer.serialize_str("normal")
);
