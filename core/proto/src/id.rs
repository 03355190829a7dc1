//! Typed snowflake ids and the generator that makes them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::time::Timestamp;

/// Markers that tell ids of different things apart at compile time.
pub mod marker {
    /// Marks a user id.
    #[derive(Debug)]
    pub enum User {}
    /// Marks a guild id.
    #[derive(Debug)]
    pub enum Guild {}
    /// Marks a channel id.
    #[derive(Debug)]
    pub enum Channel {}
    /// Marks a role id.
    #[derive(Debug)]
    pub enum Role {}
    /// Marks a message id.
    #[derive(Debug)]
    pub enum Message {}
    /// Marks the id of a command of an application.
    #[derive(Debug)]
    pub enum Command {}
    /// Marks an id whose kind another field tells, such as the target of an overwrite.
    #[derive(Debug)]
    pub enum Any {}
}

/// Id of a user.
pub type UserId = Id<marker::User>;
/// Id of a guild.
pub type GuildId = Id<marker::Guild>;
/// Id of a channel.
pub type ChannelId = Id<marker::Channel>;
/// Id of a role.
pub type RoleId = Id<marker::Role>;
/// Id of a message.
pub type MessageId = Id<marker::Message>;
/// Id of a command of an application.
pub type CommandId = Id<marker::Command>;
/// Id of something that another field names.
pub type AnyId = Id<marker::Any>;

/// A snowflake: 42 bits of milliseconds since 2015, 10 bits of generator, 12 bits of counter.
///
/// On the wire it is a decimal string; integers are accepted too, because some libraries send them.
/// See [Discord Docs/Snowflakes](https://discord.com/developers/docs/reference#snowflakes).
pub struct Id<M>(u64, PhantomData<fn() -> M>);

impl<M> Id<M> {
    /// Wraps a number.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(value, PhantomData)
    }

    /// Returns the number.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Reads the id as one of another kind; the @everyone role has the id of its guild, for
    /// example.
    #[must_use]
    pub const fn cast<N>(self) -> Id<N> {
        Id::new(self.0)
    }

    /// Returns the smallest id that is made at a time: all of before are smaller.
    #[must_use]
    pub const fn first_at(time: Timestamp) -> Self {
        // Milliseconds past the 42 bits for them are in the year 2154.
        let millis = time.millis().saturating_sub(EPOCH_MILLIS);
        Self::new(if millis >> 42 == 0 { millis << 22 } else { u64::MAX })
    }

    /// Returns when the id was made.
    #[must_use]
    pub const fn created_at(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> 22) + EPOCH_MILLIS)
    }
}

/// First millisecond of Discord's epoch, 2015-01-01T00:00:00Z.
pub const EPOCH_MILLIS: u64 = 1_420_070_400_000;

/// Makes ids that increase strictly, whatever the clock does.
///
/// # Invariants
///
/// - P1: ids of one generator are strictly increasing, also when the clock stands still or runs
///   back.
#[derive(Clone, Debug)]
pub struct Generator {
    node: u64,
    last: u64,
}

impl Generator {
    /// Makes a generator; `node` is taken modulo 1024 and tells generators of one cluster apart.
    #[must_use]
    pub const fn new(node: u64) -> Self {
        Self { node: (node % 1024) << 12, last: 0 }
    }

    /// Returns the next id at `now`.
    pub fn next<M>(&mut self, now: Timestamp) -> Id<M> {
        let millis = now.millis().saturating_sub(EPOCH_MILLIS);
        let (last_millis, counter) = (self.last >> 22, self.last & 0xfff);
        let (millis, counter) = if millis > last_millis {
            (millis, 0)
        } else if counter == 0xfff {
            // 4,096 ids in one millisecond: borrow from the next one.
            (last_millis + 1, 0)
        } else {
            (last_millis, counter + 1)
        };
        self.last = (millis << 22) | self.node | counter;
        Id::new(self.last)
    }

    /// Makes every later id greater than `seen`, which another generator may have made.
    pub fn raise(&mut self, seen: u64) {
        // One generator's ids of a millisecond end in its node and 0xfff, so the next one borrows.
        let end = (seen >> 22 << 22) | self.node | 0xfff;
        self.last = self.last.max(end);
    }
}

/// A generator that several machines of one node share, so that no two of them make the same id.
#[derive(Clone, Debug)]
pub struct Ids(Arc<Mutex<Generator>>);

impl Ids {
    /// Wraps a new generator; `node` is taken modulo 1024.
    #[must_use]
    pub fn new(node: u64) -> Self {
        Self(Arc::new(Mutex::new(Generator::new(node))))
    }

    /// Returns the next id at `now`.
    #[must_use]
    pub fn next<M>(&self, now: Timestamp) -> Id<M> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next(now)
    }

    /// Makes every later id greater than `seen`.
    pub fn raise(&self, seen: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).raise(seen);
    }
}

impl<M> Clone for Id<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for Id<M> {}
impl<M> PartialEq for Id<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<M> Eq for Id<M> {}
impl<M> PartialOrd for Id<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<M> Ord for Id<M> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<M> Hash for Id<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<M> fmt::Debug for Id<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl<M> fmt::Display for Id<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl<M> FromStr for Id<M> {
    type Err = ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::new)
    }
}
impl<M> Serialize for Id<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
impl<'de, M> Deserialize<'de> for Id<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor(PhantomData))
    }
}

struct IdVisitor<M>(PhantomData<fn() -> M>);

impl<M> Visitor<'_> for IdVisitor<M> {
    type Value = Id<M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snowflake: a decimal string or an integer below 2^64")
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Id::new(value))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        u64::try_from(value).map(Id::new).map_err(E::custom)
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        value.parse().map_err(|_| E::custom(format_args!("`{value}` is not a snowflake")))
    }
}
