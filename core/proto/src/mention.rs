//! Mentions in the text of a message.

use serde::Deserialize;

use crate::id::{RoleId, UserId};

/// Whom a text names, before anybody asks whether the author may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Users by `<@id>` and `<@!id>`, once each, in order.
    pub users: Vec<UserId>,
    /// Roles by `<@&id>`, once each, in order.
    pub roles: Vec<RoleId>,
    /// `@everyone` stands in the text.
    pub everyone: bool,
    /// `@here` stands in the text.
    pub here: bool,
}

impl Named {
    /// Reads a text. Costs one pass over it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut named = Self {
            everyone: text.contains("@everyone"),
            here: text.contains("@here"),
            ..Self::default()
        };
        let mut rest = text;
        while let Some(start) = rest.find("<@") {
            rest = &rest[start + 2..];
            named.take(rest);
        }
        named
    }

    fn take(&mut self, rest: &str) {
        let (role, digits) = match rest.as_bytes().first() {
            Some(b'&') => (true, &rest[1..]),
            Some(b'!') => (false, &rest[1..]),
            _ => (false, rest),
        };
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (id, after) = digits.split_at(length);
        let Some(id) = id.parse::<u64>().ok().filter(|_| after.starts_with('>')) else { return };
        if role {
            push_once(&mut self.roles, RoleId::new(id));
        } else {
            push_once(&mut self.users, UserId::new(id));
        }
    }
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Which mentions of a message count. Absent: all of them.
///
/// See [Discord Docs/Allowed Mentions Object].
///
/// [Discord Docs/Allowed Mentions Object]: https://discord.com/developers/docs/resources/message#allowed-mentions-object
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct AllowedMentions {
    /// `users`, `roles`, `everyone`.
    #[serde(default)]
    pub parse: Vec<String>,
    /// At most 100 users; not together with `users` in `parse`.
    #[serde(default)]
    pub users: Vec<UserId>,
    /// At most 100 roles; not together with `roles` in `parse`.
    #[serde(default)]
    pub roles: Vec<RoleId>,
    /// Whether the author of an answered message is mentioned.
    #[serde(default)]
    pub replied_user: bool,
}
