//! The messages that pending commands are about, as they are with everything accepted so far.
//!
//! A message enters when a command needs it and the store was asked for it, and leaves when nothing
//! pending refers to it; so there are never more than pending commands name. In between every
//! accepted write is applied at once, and the next command about the message is decided on that.
//! When a commit fails, what it wrote is forgotten and read again.
//!
//! A read is as good as a look at the right moment: a message is read while nothing about it is
//! pending, and commands about it wait meanwhile. Who reacted is read for the users that somebody
//! asks about, also later; of those nobody has asked before, so all that can have happened to their
//! reactions since the message was read is that they were cleared, which is remembered.

mod row;

use std::collections::BTreeSet;

use indexmap::IndexMap;
use throng_proto::id::{ChannelId, MessageId, UserId};
use throng_proto::record::{MessageRow, RowQuery, Write};

pub(super) use self::row::{Row, There};

/// Names a message. One that is not in the channel named does not exist there.
pub(super) type Key = (ChannelId, MessageId);

/// What a command has to know before it can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) key: Key,
    /// Whose reactions.
    pub(super) user: Option<UserId>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: IndexMap<Key, Entry>,
    /// To be asked of the store next.
    wanted: IndexMap<Key, BTreeSet<UserId>>,
    /// Asked of the store, by the number of the read.
    reads: IndexMap<u64, Vec<RowQuery>>,
    last_read: u64,
}

#[derive(Debug, Default)]
struct Entry {
    /// Pending commands that refer to it.
    pins: usize,
    row: Option<Row>,
    /// The read that is on its way.
    reading: Option<u64>,
}

impl Ledger {
    /// Keeps entries for a command until they are let go.
    pub(super) fn pin(&mut self, keys: &[Key]) {
        for key in keys {
            self.entries.entry(*key).or_default().pins += 1;
        }
    }

    /// Lets entries go that were kept for a command.
    pub(super) fn let_go(&mut self, keys: &[Key]) {
        for key in keys {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            entry.pins = entry.pins.saturating_sub(1);
            if entry.pins == 0 {
                self.entries.swap_remove(key);
                self.wanted.swap_remove(key);
            }
        }
    }

    /// Returns a message; `None` when it has not been read.
    pub(super) fn find(&self, key: Key) -> Option<&Row> {
        self.entries.get(&key)?.row.as_ref()
    }

    /// Tells whether something is known.
    pub(super) fn knows(&self, need: Need) -> bool {
        self.find(need.key).is_some_and(|row| need.user.is_none_or(|user| row.knows(user)))
    }

    /// Has something read with the next question to the store, unless an answer is on its way.
    pub(super) fn want(&mut self, need: Need) {
        let entry = self.entries.get(&need.key);
        if entry.is_some_and(|entry| entry.reading.is_none()) {
            self.wanted.entry(need.key).or_default().extend(need.user);
        }
    }

    /// Makes the next question to the store, if something is wanted.
    pub(super) fn ask(&mut self) -> Option<(u64, Vec<RowQuery>)> {
        if self.wanted.is_empty() {
            return None;
        }
        self.last_read += 1;
        let wanted = std::mem::take(&mut self.wanted);
        let queries: Vec<RowQuery> = wanted
            .into_iter()
            .map(|((channel, message), users)| {
                if let Some(entry) = self.entries.get_mut(&(channel, message)) {
                    entry.reading = Some(self.last_read);
                }
                RowQuery { channel, message, users: users.into_iter().collect() }
            })
            .collect();
        self.reads.insert(self.last_read, queries.clone());
        Some((self.last_read, queries))
    }

    /// Takes what the store answered, in the order of the question.
    pub(super) fn learn(&mut self, read: u64, rows: Vec<Option<MessageRow>>) {
        for (query, found) in self.finish(read).into_iter().zip(rows) {
            let Some(entry) = self.entries.get_mut(&(query.channel, query.message)) else {
                continue;
            };
            if entry.reading != Some(read) {
                continue;
            }
            entry.reading = None;
            let found = Row::read(found, &query.users);
            match &mut entry.row {
                Some(row) => row.add_users(&found, &query.users),
                none => *none = Some(found),
            }
        }
    }

    /// Ends a read that failed; returns what it was about.
    pub(super) fn unread(&mut self, read: u64) -> Vec<Key> {
        let keys: Vec<Key> =
            self.finish(read).iter().map(|query| (query.channel, query.message)).collect();
        for key in &keys {
            let entry = self.entries.get_mut(key);
            if let Some(entry) = entry.filter(|entry| entry.reading == Some(read)) {
                entry.reading = None;
            }
        }
        keys
    }

    fn finish(&mut self, read: u64) -> Vec<RowQuery> {
        self.reads.swap_remove(&read).unwrap_or_default()
    }

    /// Applies accepted writes of a command about `keys`; returns which entries they changed.
    pub(super) fn apply(&mut self, keys: &[Key], writes: &[Write]) -> Vec<Key> {
        let mut touched = Vec::new();
        for write in writes {
            let keys: &[Key] = match write {
                Write::Message(message) | Write::MessageUpdate(message) => {
                    &[(message.channel_id, message.id)]
                }
                Write::MessageDelete(..)
                | Write::ReactionAdd(..)
                | Write::ReactionRemove(..)
                | Write::ReactionClear(..) => keys,
                _ => continue,
            };
            for key in keys {
                let entry = self.entries.get_mut(key).filter(|_| about(write, *key));
                if let Some(entry) = entry {
                    Row::apply(&mut entry.row, write);
                    touched.push(*key);
                }
            }
        }
        touched
    }

    /// Forgets what a commit that failed has changed.
    pub(super) fn forget(&mut self, keys: &[Key]) {
        for key in keys {
            if let Some(entry) = self.entries.get_mut(key) {
                (entry.row, entry.reading) = (None, None);
            }
        }
    }
}

/// Tells whether a write is about a message.
fn about(write: &Write, (channel, message): Key) -> bool {
    match write {
        Write::MessageDelete(of, messages) => *of == channel && messages.contains(&message),
        Write::ReactionAdd(id, ..)
        | Write::ReactionRemove(id, ..)
        | Write::ReactionClear(id, ..) => *id == message,
        _ => true,
    }
}
