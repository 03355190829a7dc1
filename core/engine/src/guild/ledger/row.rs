//! One message of the ledger.

use std::collections::BTreeSet;

use throng_proto::id::UserId;
use throng_proto::model::constant::{Empty, False};
use throng_proto::model::{Emoji, Message, ReactionCount};
use throng_proto::record::{MessageRow, ReactionRow, Write};

/// A message, or that there is none.
#[derive(Debug)]
pub(in crate::guild) enum Row {
    /// It does not exist, or no longer.
    Gone,
    /// It exists.
    There(Box<There>),
}

/// A message that exists, with its reactions.
#[derive(Debug)]
pub(in crate::guild) struct There {
    pub(in crate::guild) author: UserId,
    /// `None` when the store cannot read it.
    pub(in crate::guild) message: Option<Message>,
    reactions: Vec<ReactionRow>,
    known: Known,
}

/// Of whom it is known what they added.
#[derive(Debug)]
enum Known {
    /// Of everybody: whoever is not named added nothing.
    All,
    /// Of these; and these emojis were cleared since the message was read.
    Some(BTreeSet<UserId>, Vec<Emoji>),
}

impl Row {
    /// Takes what the store answered when it was asked about some users.
    pub(super) fn read(row: Option<MessageRow>, users: &[UserId]) -> Self {
        let Some(MessageRow { author, message, reactions }) = row else { return Self::Gone };
        let known = if reactions.is_empty() {
            Known::All
        } else {
            Known::Some(users.iter().copied().collect(), Vec::new())
        };
        let message = message.map(|message| *message);
        Self::There(Box::new(There { author, message, reactions, known }))
    }

    /// Tells whether it is known what a user added.
    pub(super) fn knows(&self, user: UserId) -> bool {
        match self {
            Self::Gone => true,
            Self::There(there) => match &there.known {
                Known::All => true,
                Known::Some(users, _) => users.contains(&user),
            },
        }
    }

    /// Takes what other users added from a later read.
    pub(super) fn add_users(&mut self, later: &Self, users: &[UserId]) {
        if let (Self::There(there), Self::There(later)) = (self, later) {
            there.add_users(later, users);
        }
    }

    /// Applies an accepted write.
    pub(super) fn apply(row: &mut Option<Self>, write: &Write) {
        match (row, write) {
            (row, Write::Message(message)) => *row = Some(Self::fresh(message)),
            (row, Write::MessageDelete(..)) => *row = Some(Self::Gone),
            (Some(Self::There(there)), Write::MessageUpdate(message)) => {
                there.message = Some(Message::clone(message));
            }
            (Some(Self::There(there)), Write::ReactionAdd(_, emoji, user)) => {
                there.add(emoji, *user);
            }
            (Some(Self::There(there)), Write::ReactionRemove(_, emoji, user)) => {
                there.remove(emoji, *user);
            }
            (Some(Self::There(there)), Write::ReactionClear(_, emoji)) => {
                there.clear(emoji.as_ref());
            }
            _ => {}
        }
    }

    fn fresh(message: &Message) -> Self {
        Self::There(Box::new(There {
            author: message.author.id,
            message: Some(message.clone()),
            reactions: Vec::new(),
            known: Known::All,
        }))
    }
}

impl There {
    /// Returns how many different emojis it has.
    pub(in crate::guild) const fn emojis(&self) -> usize {
        self.reactions.len()
    }

    /// Tells whether somebody added an emoji.
    pub(in crate::guild) fn has(&self, emoji: &Emoji) -> bool {
        self.reactions.iter().any(|of| same(&of.emoji, emoji))
    }

    /// Tells whether a user, of whom it is known, added an emoji.
    pub(in crate::guild) fn has_by(&self, emoji: &Emoji, user: UserId) -> bool {
        let of = self.reactions.iter().find(|of| same(&of.emoji, emoji));
        of.is_some_and(|of| of.users.binary_search(&user).is_ok())
    }

    /// Counts the reactions as one user sees them.
    pub(in crate::guild) fn counts(&self, me: Option<UserId>) -> Vec<ReactionCount> {
        let counted = self.reactions.iter().map(|of| ReactionCount {
            emoji: of.emoji.clone(),
            count: of.count,
            me: me.is_some_and(|me| of.users.binary_search(&me).is_ok()),
            me_burst: False,
            burst_colors: Empty,
        });
        counted.collect()
    }

    fn add_users(&mut self, later: &Self, users: &[UserId]) {
        let Known::Some(known, cleared) = &mut self.known else { return };
        let new = |user: &UserId| users.contains(user) && !known.contains(user);
        for of in &later.reactions {
            let kept = !cleared.iter().any(|emoji| same(emoji, &of.emoji));
            let mine = self.reactions.iter_mut().find(|mine| same(&mine.emoji, &of.emoji));
            if let Some(mine) = mine.filter(|_| kept) {
                mine.users.extend(of.users.iter().copied().filter(new));
                mine.users.sort_unstable();
            }
        }
        known.extend(users);
    }

    fn add(&mut self, emoji: &Emoji, user: UserId) {
        match self.reactions.iter_mut().find(|of| same(&of.emoji, emoji)) {
            Some(of) => {
                if let Err(place) = of.users.binary_search(&user) {
                    of.users.insert(place, user);
                    of.count = of.count.saturating_add(1);
                }
            }
            None => self.reactions.push(ReactionRow {
                emoji: emoji.clone(),
                count: 1,
                users: vec![user],
            }),
        }
    }

    fn remove(&mut self, emoji: &Emoji, user: UserId) {
        if let Some(of) = self.reactions.iter_mut().find(|of| same(&of.emoji, emoji))
            && let Ok(place) = of.users.binary_search(&user)
        {
            of.users.remove(place);
            of.count = of.count.saturating_sub(1);
        }
        self.reactions.retain(|of| of.count > 0);
    }

    fn clear(&mut self, emoji: Option<&Emoji>) {
        match emoji {
            None => (self.reactions, self.known) = (Vec::new(), Known::All),
            Some(emoji) => {
                self.reactions.retain(|of| !same(&of.emoji, emoji));
                if let Known::Some(_, cleared) = &mut self.known {
                    cleared.push(emoji.clone());
                }
            }
        }
    }
}

/// Compares emojis as the store does.
fn same(one: &Emoji, other: &Emoji) -> bool {
    one.id == other.id && one.name.as_deref().unwrap_or("") == other.name.as_deref().unwrap_or("")
}
